import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { money } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { checkCeiling } from "./ceiling.ts";
import { PolicyError } from "./error.ts";
import { jsonLines } from "./json-lines.ts";
import { parseLimits, personsNeeded } from "./limits.ts";

const folder = join(import.meta.dirname, "../../../../limits");
const bytesOf = (name: string) => readFileSync(join(folder, name));
const ceiling = { notional: money(4_000_000n, 2, "USD"), persons: 1 };

const text = `{
  "name": "my",
  "symbols": ["AAPL"],
  "permitTtlSeconds": 30,
  "approvals": { "ttlSeconds": 120 },
  "rules": [
    { "rule": "size", "metric": "order_notional", "scope": "account", "comparator": ">", "threshold": "40000", "action": "escalate" },
    {
      "rule": "tail",
      "metric": "var_historical",
      "scope": "account",
      "comparator": ">=",
      "threshold": "0.05",
      "window": 100,
      "confidence": "0.99",
      "action": "reject"
    }
  ]
}
`;

function refusalOf(changed: string): string {
  try {
    parseLimits(Buffer.from(changed), "limits/my.json");
  } catch (error) {
    if (error instanceof PolicyError && error.code === "BAD_LIMITS") return error.message;
    throw error;
  }
  throw new Error("the limits were accepted");
}

describe("parseLimits", () => {
  it("reads every file of limits/, whose name is the file's", () => {
    const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
    expect(files).toContain("default.json");
    for (const file of files) {
      const limits = parseLimits(bytesOf(file), `limits/${file}`);
      expect(`${limits.name}.json`).toBe(file);
      expect(Buffer.from(limits.digest).toString("hex")).toBe(createHash("sha256").update(bytesOf(file)).digest("hex"));
      checkCeiling(limits, ceiling);
    }
  });

  it("keeps thresholds exact, and waits for three samples before a halt", () => {
    const [size, tail] = parseLimits(Buffer.from(text), "limits/my.json").rules;
    expect(size).toMatchObject({
      threshold: { units: 40_000n, scale: 0 },
      thresholdText: "40000",
      line: 7,
      samples: 3,
    });
    expect(tail).toMatchObject({ threshold: { units: 5n, scale: 2 }, window: 100, confidence: 0.99, line: 8 });
  });

  it.each([
    ['"threshold": "40000"', '"threshold": "abc"', "7: rules[0].threshold: expected a decimal string, got 'abc'"],
    ['"threshold": "40000"', '"threshold": 40000', "7: rules[0].threshold: expected a decimal string, got 40000"],
    ['"threshold": "0.05"', '"threshold": "5e-2"', "13: rules[1].threshold: expected a decimal string, got '5e-2'"],
    ['"threshold": "0.05",', "", "8: rules[1].threshold: expected a decimal string, got nothing"],
    ['"threshold": "0.05"', '"treshold": "0.05"', '13: rules[1].treshold: unknown, did you mean "threshold"?'],
    ['"symbols"', '"symbls"', '3: symbls: unknown, did you mean "symbols"?'],
    ['"ttlSeconds": 120', '"colour": 1', "5: approvals.colour: unknown, known are ttlSeconds, persons"],
    ['"ttlSeconds": 120', '"ttlSeconds": 0', "5: approvals.ttlSeconds: expected an integer from 1 to 86400, got 0"],
    [
      '"permitTtlSeconds": 30',
      '"permitTtlSeconds": 0.5',
      "4: permitTtlSeconds: expected an integer from 1 to 3600, got 0.5",
    ],
    ['"order_notional"', '"order_notionel"', ", got 'order_notionel', did you mean \"order_notional\"?"],
    ['"escalate"', '"escallate"', ", got 'escallate', did you mean \"escalate\"?"],
    ['"scope": "account", "c', '"scope": "symbol", "c', "7: rules[0].scope: expected one of \"account\", got 'symbol'"],
    ['">", "t', '"<", "t', '7: rules[0].comparator: expected one of ">", ">=", got \'<\''],
    ['"window": 100', '"window": 99', "14: rules[1].window: expected at least 100 bars for this confidence, got 99"],
    [
      '"confidence": "0.99"',
      '"confidence": "1.5"',
      "15: rules[1].confidence: expected a decimal string between 0 and 1, got '1.5'",
    ],
    [
      '"rule": "size"',
      '"window": 3, "rule": "size"',
      "7: rules[0].window: expected nothing: order_notional has no window, got 3",
    ],
    [
      '"rule": "size"',
      '"samples": 3, "rule": "size"',
      "7: rules[0].samples: expected nothing: only a halt waits for several, got 3",
    ],
    ['"rule": "tail"', '"rule": "size"', "9: rules[1].rule: expected a name of its own, got 'size'"],
    ['"AAPL"', "", "3: symbols: expected at least one symbol: what is not listed is not traded"],
    ['["AAPL"]', '"AAPL"', "3: symbols: expected a list of texts, got 'AAPL'"],
    ['"name": "my",', '"name": "my",\n"name": "other",', "3: name: stands there twice"],
    ['"name": "my",', '"name": "my"', "3: Expected ',' or '}' after property value"],
  ])("%s as %s is refused with its line", (before, after, message) => {
    expect(text).toContain(before);
    expect(refusalOf(text.replace(before, after))).toContain(message);
  });

  it("refuses a file without a rule, an empty one and one that is no object", () => {
    const rules = text.slice(0, text.indexOf('"rules"'));
    expect(refusalOf(`${rules}"rules": []\n}`)).toBe(
      "limits/my.json:6: rules: expected at least one rule: a missing limit allows nothing",
    );
    expect(refusalOf("")).toContain("limits/my.json:1: ");
    expect(refusalOf("[]")).toBe("limits/my.json:1: expected an object, got []");
  });
});

describe("personsNeeded", () => {
  const asked = (approvals: object, units: bigint) => {
    const file = { ...JSON.parse(text), approvals: { ttlSeconds: 120, ...approvals } };
    const limits = parseLimits(Buffer.from(JSON.stringify(file)), "limits/my.json");
    return personsNeeded(limits, money(units, 2, "USD"));
  };

  it("is two above the amount that the limits name, and never fewer than they ask of everybody", () => {
    const two = { twoPersonsAbove: "50000" };
    expect([asked(two, 50_000_00n), asked(two, 50_000_01n)]).toEqual([1, 2]);
    expect([asked({ ...two, persons: 3 }, 50_000_00n), asked({ ...two, persons: 3 }, 50_000_01n)]).toEqual([3, 3]);
    expect(asked({}, 9_000_000_00n)).toBe(1);
    expect(() => asked({ twoPersonsAbove: 50_000 }, 1n)).toThrow(/approvals\.twoPersonsAbove: expected a decimal/);
  });
});

describe("checkCeiling", () => {
  const at = (threshold: string, action = "escalate") =>
    parseLimits(Buffer.from(text.replace("40000", threshold).replace("escalate", action)), "limits/my.json");
  const refusal = (limits: ReturnType<typeof at>, persons = 1) => {
    try {
      checkCeiling(limits, { ...ceiling, persons });
    } catch (error) {
      return error instanceof PolicyError ? `${error.code} ${error.message}` : error;
    }
    return undefined;
  };

  it("accepts limits that ask at the ceiling or below it, or let no such order pass", () => {
    expect(refusal(at("40000"))).toBeUndefined();
    expect(refusal(at("1"))).toBeUndefined();
    expect(refusal(at("40000", "reject"))).toBeUndefined();
  });

  it("refuses limits that ask one cent later, by rule and line", () => {
    expect(refusal(at("40000.01"))).toBe(
      'ASKS_TOO_LATE limits/my.json:7: rule "size" acts above 40000.01, but Execution demands a person\'s approval above 40000 USD: lower it to 40000 or less',
    );
  });

  it("refuses limits that only warn, and those that ask fewer persons", () => {
    expect(refusal(at("40000", "warn"))).toContain("no rule on order_notional escalates");
    expect(refusal(at("40000"), 2)).toContain("approvals.persons: Execution demands 2 persons, and the limits ask 1");
  });
});

describe("jsonLines", () => {
  it("finds the line of every value, also behind strings that look like JSON", () => {
    const { lineOf } = jsonLines('{\n "a": "} , \\" [",\n "b": [\n  1,\n  { "c":\n   2 }\n ]\n}');
    expect(["", "a", "b", "b[0]", "b[1]", "b[1].c", "b[1].missing", "nothing"].map(lineOf)).toEqual([
      1, 2, 3, 4, 5, 5, 5, 1,
    ]);
  });
});
