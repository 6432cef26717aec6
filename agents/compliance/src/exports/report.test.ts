import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { auditEvents, codeOf, eventOf, logRecords } from "./records.ts";
import { reportOf, selectRecords } from "./report.ts";

const file = new URL("../../../../platform/test/fixtures/run/audit.jsonl", import.meta.url);
const records = [...logRecords(readFileSync(file, "utf8").split("\n").filter(Boolean))];
const select = (filter: Parameters<typeof selectRecords>[1]) => [...selectRecords(records, filter)];

describe("the report of a log", () => {
  it("counts what its records say, once more without its code", () => {
    const of = (type: string) => records.filter((record) => record.type === type).length;
    const report = reportOf(records);
    expect(report).toMatchObject({
      records: records.length,
      permits: of("permit.issued"),
      rejections: of("order.rejected"),
      escalations: of("order.escalated"),
      orders: of("order.accepted"),
      fills: of("order.filled"),
      approvalRate: of("permit.issued") / (of("permit.issued") + of("order.rejected")),
    });
    expect(report.orders).toBeGreaterThan(0);
    expect(report.successRate).toBe(report.ordersFilled / report.orders);
  });

  it("of its parts adds up to the report of the whole", () => {
    const parts = auditEvents.map((event) => select({ event }));
    expect(parts.flat()).toHaveLength(records.length);
    for (const [n, event] of auditEvents.entries()) {
      expect(parts[n]!.every((record) => eventOf(record) === event)).toBe(true);
      expect(reportOf(records).byEvent[event]).toBe(parts[n]!.length);
    }
  });

  it("is of those records alone that every given word is true of", () => {
    const middle = records[Math.floor(records.length / 2)]!.sentAtMs;
    const [before, after] = [select({ toMs: middle }), select({ fromMs: middle })];
    expect(before.length + after.length).toBe(records.length);
    expect(after.length).toBeGreaterThan(0);
    const refused = select({ event: "error", sender: "execution", code: "DUPLICATE_ORDER" });
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every((record) => record.sender === "execution" && codeOf(record) === "DUPLICATE_ORDER")).toBe(true);
  });

  it("has no rate of what did not happen", () => {
    expect(reportOf([])).toMatchObject({ records: 0, approvalRate: undefined, successRate: undefined });
  });
});
