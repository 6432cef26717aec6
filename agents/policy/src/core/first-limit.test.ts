import { readFileSync } from "node:fs";
import { join } from "node:path";
import { money } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { Desk } from "../testing.ts";
import { checkCeiling } from "./ceiling.ts";
import { parseLimits } from "./limits.ts";
import { metricNames } from "./metrics.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/first-limit.md"), "utf8");
const file = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "";

describe("docs/first-limit.md", () => {
  it("has a complete limits file of twenty lines at most, which asks early enough for Execution", () => {
    expect(file.trimEnd().split("\n").length).toBeLessThanOrEqual(20);
    const limits = parseLimits(Buffer.from(file), "my-limits.json");
    checkCeiling(limits, { notional: money(4_000_000n, 2, "USD"), persons: 1 });
  });

  it("leads to the refusal it promises, in the words it promises", () => {
    const limits = parseLimits(Buffer.from(file), "my-limits.json");
    const desk = Desk.open(undefined, undefined, { limits });
    const { rejected } = desk.ask({ quantity: 400n, limit: 9_603n });
    expect(page).toContain(`\`${rejected?.explanation}\``);
    expect(page).toContain(`\`${rejected?.code}\``);
    expect(rejected).toMatchObject({
      code: "ORDER_NOTIONAL_LIMIT",
      rules: [{}, { rule: "small orders", breached: true }],
    });
  });

  it("names every metric, and shows a mistake as it is shown", () => {
    for (const metric of metricNames) expect(page).toContain(`\`${metric}\``);
    const wrong = file.replace('"order_notional"', '"order_notionl"');
    expect(() => parseLimits(Buffer.from(wrong), "my-limits.json")).toThrow(
      /^my-limits\.json:9: rules\[0\]\.metric: expected one of .*, did you mean "order_notional"\?$/,
    );
  });
});
