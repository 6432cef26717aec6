import { create, type Message } from "@bufbuild/protobuf";
import { FillSchema, OrderAcceptedSchema, PermitIssuedSchema } from "@countersign/contracts";
import type { Heard } from "@countersign/platform";
import { describe, expect, it } from "vitest";
import { runDayInMemory } from "../../test/support/day.ts";
import { furthest, isWhole, Ways } from "./order-ways.ts";

type Said = readonly [type: string, payload: Message];
const about = (intentKey: string): readonly Said[] => [
  ["permit.issued", create(PermitIssuedSchema, { intentKey })],
  ["order.accepted", create(OrderAcceptedSchema, { intentKey })],
  ["order.filled", create(FillSchema, { intentKey })],
];

describe("the ways of orders", () => {
  it("those that the real agents had filled are heard whole, each by itself", async () => {
    const ways = new Ways();
    const fills = new Set<string>();
    const onRecord = ({ body: { type }, payload }: Heard) => {
      ways.heard(type, payload, 0);
      if (type === "order.filled") fills.add((payload as unknown as { intentKey: string }).intentKey);
    };
    await runDayInMemory({ from: "2015-01-01", to: "2015-03-01", hooks: { onRecord } }, async () => {});
    expect(fills.size).toBeGreaterThan(2);
    expect(ways.all().filter(isWhole).length).toBe(fills.size);
  });

  it("one that is filled and not booked is not whole, and says how far it came", () => {
    const ways = new Ways();
    for (const [n, [type, payload]] of about("a").entries()) ways.heard(type, payload, n * 10);
    expect(ways.all().some(isWhole)).toBe(false);
    expect(ways.all()[0]?.tookMs).toBe(20);
    expect(furthest(ways.all())).toBe("order.filled");
  });

  it("two are not one", () => {
    const ways = new Ways();
    const [permit] = about("a");
    for (const [type, payload] of [permit!, ...about("b").slice(1)]) ways.heard(type, payload, 0);
    expect(furthest(ways.all())).toBe("permit.issued");
  });

  it("what nobody permitted is no way: listening began too late for it", () => {
    const ways = new Ways();
    for (const [type, payload] of about("a").slice(1)) ways.heard(type, payload, 0);
    expect(furthest(ways.all())).toBeUndefined();
  });
});
