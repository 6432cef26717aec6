import { create, type Message } from "@bufbuild/protobuf";
import {
  FillSchema,
  OrderAcceptedSchema,
  OrderReportedSchema,
  OrderStatus,
  PermitIssuedSchema,
} from "@countersign/contracts";
import type { Heard } from "@countersign/platform";
import { describe, expect, it } from "vitest";
import { runDayInMemory } from "../../test/support/day.ts";
import { furthest, isSettled, isWhole, Ways } from "./order-ways.ts";

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
    expect(ways.all()).toMatchObject([{ fromMs: 0, toMs: 20, unbooked: 1 }]);
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

  it.each(["CANCELED", "EXPIRED", "REJECTED", "NOT_SENT"] as const)("%s without a fill is an end", (status) => {
    const ways = new Ways();
    for (const [type, payload] of [...about("a").slice(0, 2), reported("a", status)]) ways.heard(type, payload, 0);
    expect(ways.all().map(isSettled)).toEqual([true]);
    expect(ways.all().map(isWhole)).toEqual([false]);
    expect(ways.all()[0]?.ended).toBe(`${status} WHY`);
  });

  it("an end behind a fill is none while the fill is not booked; to be new or filled is no end", () => {
    const ways = new Ways();
    for (const [type, payload] of [...about("a"), reported("a", "CANCELED")]) ways.heard(type, payload, 0);
    for (const [type, payload] of [...about("b").slice(0, 2), reported("b", "NEW")]) ways.heard(type, payload, 0);
    expect(ways.all().map(isSettled)).toEqual([false, false]);
  });

  it("what is over is forgotten when it was quiet for long enough, and said again it begins nothing", () => {
    const ways = new Ways();
    const said = [...about("a").slice(0, 1), reported("a", "EXPIRED")];
    for (const [type, payload] of said) ways.heard(type, payload, 10);
    for (const [type, payload] of about("b")) ways.heard(type, payload, 10);
    expect(ways.take(10)).toEqual([]);
    expect(ways.take(11).map(({ intentKey }) => intentKey)).toEqual(["a"]);
    for (const [type, payload] of said) ways.heard(type, payload, 20);
    expect(ways.all().map(({ intentKey }) => intentKey)).toEqual(["b"]);
  });
});

function reported(intentKey: string, status: Exclude<keyof typeof OrderStatus, "UNSPECIFIED">): Said {
  return ["order.reported", create(OrderReportedSchema, { intentKey, status: OrderStatus[status], code: "WHY" })];
}
