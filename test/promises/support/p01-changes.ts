/** Orders and intents in which something is not as it was permitted. */
import { Mode, Side, TimeInForce } from "@countersign/contracts";
import { type Order, price, quantity } from "@countersign/orders";
import fc from "fast-check";
import { type IntentFields, instruments } from "../../../agents/execution/test/world.ts";

/** The order with at least one field changed, whichever. */
export function changedOrders(order: Order): fc.Arbitrary<Order> {
  const text = fc.string();
  const prices = fc.bigInt(1n, 100_000n).map((units) => price(units, 2));
  const fields: { readonly [Field in keyof Order]: fc.Arbitrary<Order[Field]> } = {
    account: text,
    venue: text,
    symbol: fc.oneof(text, fc.constantFrom(...instruments.keys())),
    side: fc.constant("SELL"),
    quantity: fc.oneof(
      fc.bigInt(1n, 1_000_000n).map((units) => quantity(units, 0)),
      fc.constant(quantity(1_000n, 1)),
    ),
    type: fc.constant("STOP"),
    limitPrice: prices,
    stopPrice: prices,
    bandLow: prices,
    bandHigh: prices,
    timeInForce: fc.constantFrom("IOC", "FOK"),
    reduceOnly: fc.constant(true),
    mode: fc.constantFrom("replay", "shadow", "live"),
    proposer: text,
    principal: text,
    parent: text,
    intentKey: text,
    clientOrderId: text,
  };
  return fc
    .record(fields, { requiredKeys: [] })
    .map((changes) => ({ ...order, ...changes }))
    .filter((changed) => !sameFields(order, changed));
}

function sameFields(a: Order, b: Order): boolean {
  const text = (order: Order) => JSON.stringify(order, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  return text(a) === text(b);
}

/** One changed field of the intent, for every field that can change alone. */
export function changedIntents(): fc.Arbitrary<IntentFields> {
  const text = fc.string({ minLength: 1 }).map((value) => `${value}~`);
  const prices = (min: bigint, max: bigint) => fc.bigInt(min, max).map((units) => ({ units, scale: 2 }));
  const changes = {
    intentKey: text,
    account: text,
    venue: text,
    symbol: text,
    side: fc.constant(Side.SELL),
    quantity: fc.bigInt(1n, 99n).map((units) => ({ units, scale: 0 })),
    limitPrice: prices(18_000n, 18_999n),
    bandLow: prices(1n, 17_999n),
    bandHigh: prices(20_001n, 99_999n),
    timeInForce: fc.constantFrom(TimeInForce.IOC, TimeInForce.FOK),
    reduceOnly: fc.constant(true),
    mode: fc.constantFrom(Mode.REPLAY, Mode.SHADOW, Mode.LIVE),
    proposer: text,
    principal: text,
    parent: text,
    attempt: fc.integer({ min: 2, max: 99 }),
    signalId: text,
    confidence: fc.double({ min: 0.01, max: 1, noNaN: true }),
    expectedReturn: fc.double({ min: 0.01, max: 1, noNaN: true }),
    explanation: text,
    decidedAtMs: fc.bigInt(1n, 9n),
  } satisfies { readonly [Field in keyof IntentFields]: fc.Arbitrary<IntentFields[Field]> };
  return fc
    .constantFrom(...Object.entries(changes))
    .chain(([name, values]) => values.map((value) => ({ [name]: value })));
}
