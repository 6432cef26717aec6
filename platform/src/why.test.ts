import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InputError } from "./inputs.ts";
import { readEvidence } from "./why/evidence.ts";
import type { Why, WhyStep } from "./why/node.ts";
import { explain, why } from "./why.ts";

const recorded = new URL("../test/fixtures/run", import.meta.url).pathname;
const evidence = readEvidence(recorded);
const steps = (n: number) => why(recorded, n).steps;
const named = (n: number) => steps(n).map(({ step }) => step);
const the = (n: number, step: WhyStep["step"]): WhyStep => {
  const [first] = steps(n).filter((one) => one.step === step);
  if (first === undefined) throw new Error(`#${n} has no ${step}`);
  return first;
};
const factsOf = ({ facts = [] }: WhyStep) => Object.fromEntries(facts.map(({ name, value }) => [name, value]));

describe("why", () => {
  it("follows an order from the quote that it was decided on to the ledger", () => {
    expect(named(3)).toEqual([
      "quote",
      "signal",
      "intent",
      "policy",
      "approval",
      "policy",
      "permit",
      "order",
      "quote",
      "fill",
      "order",
      "entry",
      // An intruder sent it once more, long after.
      "order",
    ]);
    expect(the(3, "quote").text).toBe("AAPL 120.06 / 120.08");
    expect(the(3, "signal").text).toMatch(
      /^mean-reversion@\w{12}: The price is -3.2 deviations from its mean and the RSI is 28\.$/,
    );
    expect(factsOf(the(3, "signal"))).toMatchObject({ z: "-3.20573", rsi: "28.1062" });
    expect(the(3, "intent").text).toMatch(/^portfolio wants to buy 400 AAPL, at most 128\.28: /);
    expect(the(3, "approval").text).toBe("approved by you: approved at the terminal");
    expect(factsOf(the(3, "permit"))).toMatchObject({ "halt epoch": "1", reserved: "51312.00 USD" });
    expect(the(3, "fill").text).toBe("400 AAPL @ 121.22");
    expect(the(3, "entry").text).toBe("ledger entry 2, voted for by validator-1, validator-2, validator-3");
    expect(factsOf(the(3, "entry"))["money:USD positions:AAPL"]).toBe("48488.00");
  });

  it("shows each rule with its value and limit, those that asked or refused first", () => {
    const [asked] = the(3, "policy").rules ?? [];
    expect(asked).toMatchObject({
      rule: "large order",
      value: "51312",
      comparator: ">",
      threshold: "47000",
      breached: true,
      action: "escalate",
    });
    const refusal = the(8, "policy");
    expect(refusal.text).toBe("refuses, POSITION_LIMIT: position 71.4 % of equity, limit 70 %");
    expect(refusal.rules?.[0]).toMatchObject({
      rule: "position",
      value: "0.713988747",
      threshold: "0.70",
      breached: true,
    });
    expect(refusal.rules?.map(({ breached }) => breached).lastIndexOf(true)).toBeLessThan(3);
  });

  it.each([
    [5, "REJECTED", "rejected by you: rejected at the terminal"],
    [7, "EXPIRED", undefined],
  ])("#%i %s: what the person said, or that nobody did", (n, kind, text) => {
    expect(why(recorded, n).told.kind).toBe(kind);
    expect(steps(n).find(({ step }) => step === "approval")?.text).toBe(text);
    expect(steps(n).at(-1)?.text).toMatch(/^refuses, APPROVAL_/);
  });

  it("says of a hedge which fill moved the exposure, and what it covers", () => {
    expect(the(17, "cause").text).toBe("a fill of AAPL, #16, moved the exposure");
    expect(factsOf(the(17, "intent"))).toMatchObject({ "on behalf of": "strategy:min-variance-hedge@1" });
    expect(the(17, "hedge").text).toMatch(/^beta: beta 1\.23/);
  });

  it("says of a halt who, why and by whose votes, and of a resume what it releases", () => {
    expect(named(11)).toEqual(["halt", "resume"]);
    expect(the(11, "halt").text).toBe("no new orders, by you: halted at the terminal");
    expect(factsOf(the(11, "halt"))["control entry"]).toBe("3, voted for by validator-1, validator-2, validator-3");
    expect(the(13, "resume").text).toBe("trading goes on, signed by you: it was a drill");
    expect(factsOf(the(13, "resume")).releases).toBe(factsOf(the(11, "halt")).halt);
  });

  it("lists the refusals of an intruder with code and place", () => {
    const refusals = steps(15).filter(({ step }) => step === "refused");
    expect(refusals.length).toBeGreaterThanOrEqual(13);
    expect(refusals.map(({ text }) => text)).toContain("PERMIT_FORGED at accept: an order");
    expect(steps(15).at(-1)?.text).toMatch(/^13 attempts .*13 refused; \d+ refusals on record at that moment$/);
  });

  it("names for every line a record that is in the log, or a quote that was kept", () => {
    const known = new Set([...evidence.records.map(({ body }) => body.msgId), ...evidence.quotes.keys()]);
    for (const { n } of evidence.told) {
      const named = steps(n).flatMap(({ record }) => record ?? []);
      expect(named.length, `#${n}`).toBeGreaterThan(0);
      expect(named.filter((id) => !known.has(id))).toEqual([]);
    }
  });
});

describe("what is not known", () => {
  const missing = (part: Partial<typeof evidence>): Why => explain(evidence.told[2]!, { ...evidence, ...part });

  it("is a dash: a quote that was not kept", () => {
    const [quote] = missing({ quotes: new Map() }).steps;
    expect(quote?.text).toBe("AAPL — / —");
  });

  it("is a dash or is left out: a ledger that was not read, records that are not there", () => {
    const entry = missing({ ledger: [] }).steps.find(({ step }) => step === "entry");
    expect(entry?.facts?.map(({ name, value }) => [name, value]).slice(1)).toEqual([["equity after it", "—"]]);
    expect(missing({ records: [] }).steps).toEqual([]);
    const withoutSignals = evidence.records.filter(({ body }) => body.type !== "market.signal");
    expect(missing({ records: withoutSignals }).steps[0]?.step).toBe("cause");
  });
});

describe("a folder that is not whole", () => {
  let dir = "";
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "countersign-why-"));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const codeOf = (act: () => unknown) => {
    try {
      act();
    } catch (error) {
      if (error instanceof InputError) return `${error.code}: ${error.message}`;
      throw error;
    }
    return "nothing was thrown";
  };

  it("is named: a line that was never told, a file that is missing or was changed", () => {
    expect(codeOf(() => why(recorded, 99))).toBe("BAD_OPTION: there is no #99: the run told #1 to #17");
    expect(codeOf(() => why(dir, 1))).toMatch(/^NO_SUCH_FILE: .*audit\.jsonl is missing/);
    cpSync(recorded, dir, { recursive: true });
    writeFileSync(join(dir, "quotes.jsonl"), '{"payloadType":\n');
    expect(codeOf(() => why(dir, 1))).toMatch(/quotes\.jsonl:1: it is no JSON/);
  });
});
