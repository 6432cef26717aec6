import { create } from "@bufbuild/protobuf";
import {
  MoneySchema,
  type Money as PbMoney,
  type Price as PbPrice,
  type Quantity as PbQuantity,
  PriceSchema,
  QuantitySchema,
} from "@countersign/contracts";
import { OrdersError } from "./error.ts";
import { type Fixed, MAX_SCALE, type Money, money, type Price, price, type Quantity, quantity } from "./fixed.ts";

/*
 * fromWire answers undefined for a value that is unset, half set, or of a scale we do not have, and never zero: the type
 * checker then makes the reader say what a missing price means to him. toWire throws OrdersError `OUT_OF_RANGE`.
 */

export function priceToWire(value: Price): PbPrice {
  return create(PriceSchema, wireUnits(value));
}

export function priceFromWire(wire: PbPrice | undefined): Price | undefined {
  return isSet(wire) ? price(wire.units, wire.scale) : undefined;
}

export function quantityToWire(value: Quantity): PbQuantity {
  return create(QuantitySchema, wireUnits(value));
}

export function quantityFromWire(wire: PbQuantity | undefined): Quantity | undefined {
  return isSet(wire) ? quantity(wire.units, wire.scale) : undefined;
}

export function moneyToWire(value: Money): PbMoney {
  return create(MoneySchema, { ...wireUnits(value), currency: value.currency });
}

export function moneyFromWire(wire: PbMoney | undefined): Money | undefined {
  return isSet(wire) && wire.currency ? money(wire.units, wire.scale, wire.currency) : undefined;
}

function isSet<T extends { units?: bigint | undefined; scale?: number | undefined }>(
  wire: T | undefined,
): wire is T & { units: bigint; scale: number } {
  return wire?.units !== undefined && wire.scale !== undefined && wire.scale <= MAX_SCALE;
}

function wireUnits(value: Fixed): { units: bigint; scale: number } {
  if (BigInt.asIntN(64, value.units) !== value.units)
    throw new OrdersError("OUT_OF_RANGE", `${value.units} does not fit 64 bits`);
  return { units: value.units, scale: value.scale };
}
