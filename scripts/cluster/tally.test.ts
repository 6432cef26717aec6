import { create, type Message } from "@bufbuild/protobuf";
import { OrderReportedSchema, OrderStatus, PermitIssuedSchema } from "@countersign/contracts";
import type { Heard } from "@countersign/platform";
import { beforeAll, describe, expect, it } from "vitest";
import { runDayInMemory } from "../../test/support/day.ts";
import { Tally } from "./tally.ts";

const WITHIN_MS = 60_000;
type Said = readonly [type: string, payload: Message];

/** What the real agents said, in their order. */
const day: Said[] = [];
beforeAll(async () => {
  const onRecord = ({ body: { type }, payload }: Heard) => void day.push([type, payload]);
  await runDayInMemory({ from: "2015-01-01", to: "2015-03-01", hooks: { onRecord } }, async () => {});
});

describe("a soak", () => {
  it("counts what the real agents had booked, and is content", () => {
    const tally = tallyOf(day);
    const begun = day.filter(([type]) => type === "permit.issued").length;
    expect(begun).toBeGreaterThan(2);
    const line = tally.line(1_000, 0);
    expect(line).toMatch(new RegExp(`^begun ${begun}, arrived ${begun}, p50 0 ms, p99 0 ms, ended 0, open 0, unauth`));
    expect(tally.line(2_000, 3)).toBe("begun 0, arrived 0, ended 0, open 0, unauthentic 3");
    const all = `${begun} orders began, ${begun} arrived, 0 ended for a reason`;
    expect(tally.verdict(WITHIN_MS)).toEqual({ code: 0, lines: [all] });
    // … also when they are forgotten.
    tally.line(WITHIN_MS + 1, 0);
    expect(tally.ways.all()).toEqual([]);
    expect(tally.verdict(WITHIN_MS + 1)).toEqual({ code: 0, lines: [all] });
  });

  it("without one booking it names the orders that did not arrive, and where each was last", () => {
    const last = day.findLastIndex(([type]) => type === "ledger.entry");
    const tally = tallyOf(day.toSpliced(last, 1));
    const { code, lines } = tally.verdict(WITHIN_MS);
    expect(code).toBe(1);
    expect(lines[1]).toMatch(/^\d did not, within 60 s:$/);
    expect(lines[2]).toMatch(/, begun 1970-01-01T00:00:00.000Z: as far as order.filled, \d fills not booked$/);
  });

  it("lists some of many", () => {
    const tally = tallyOf(Array.from({ length: 25 }, (_, n) => permit(`order ${n}`)));
    const { lines } = tally.verdict(WITHIN_MS);
    expect(lines).toHaveLength(23);
    expect(lines.at(-1)).toBe("and 5 more");
  });

  it("an order that was ended for a reason is no loss", () => {
    const tally = tallyOf([permit("a"), expired("a")]);
    expect(tally.line(1_000, 0)).toBe("begun 1, arrived 0, ended 1, open 0, unauthentic 0");
    expect(tally.verdict(WITHIN_MS).code).toBe(0);
  });

  it("who began too late to be judged is not; without any other it says nothing about the cluster", () => {
    expect(tallyOf([permit("a")]).verdict(WITHIN_MS - 1).code).toBe(3);
    expect(tallyOf([permit("a")]).verdict(WITHIN_MS).code).toBe(1);
    expect(tallyOf([expired("a")]).verdict(WITHIN_MS).code).toBe(3);
  });
});

function tallyOf(said: readonly Said[]): Tally {
  const tally = new Tally(WITHIN_MS);
  for (const [type, payload] of said) tally.ways.heard(type, payload, 0);
  return tally;
}

function permit(intentKey: string): Said {
  return ["permit.issued", create(PermitIssuedSchema, { intentKey })];
}

function expired(intentKey: string): Said {
  return ["order.reported", create(OrderReportedSchema, { intentKey, status: OrderStatus.EXPIRED })];
}
