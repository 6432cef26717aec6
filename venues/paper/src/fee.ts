import { divideRounded, type Instrument, type Money, money } from "@countersign/orders";

/**
 * The venue's fee for one fill: basis points of the notional and money per unit, summed exactly and rounded once, half-up, to the
 * instrument's money scale, as exchanges' fee schedules do.
 */
export function feeOf(priceUnits: bigint, quantityUnits: bigint, instrument: Instrument): Money {
  const { feeBps, feePerUnit, priceScale, quantityScale, moneyScale, currency } = instrument;
  const bps = priceUnits * quantityUnits * feeBps.units;
  const bpsScale = priceScale + quantityScale + feeBps.scale + 4;
  const perUnit = quantityUnits * feePerUnit.units;
  const perUnitScale = quantityScale + feePerUnit.scale;
  const scale = Math.max(bpsScale, perUnitScale, moneyScale);
  const exact = bps * 10n ** BigInt(scale - bpsScale) + perUnit * 10n ** BigInt(scale - perUnitScale);
  return money(divideRounded(exact, 10n ** BigInt(scale - moneyScale), "half-up"), moneyScale, currency);
}
