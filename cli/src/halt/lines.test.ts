import { expect, it } from "vitest";
import { haltLines } from "./lines.ts";

const facts = { haltId: "0123456789abcdef", level: 2, scope: "symbol:AAPL", reason: "prices look wrong" };
const policy = { server: "policy", latched: true, tookMs: 11.6 };
const execution = { server: "execution", latched: true, tookMs: 9 };
const silent = { server: "validator-1", latched: undefined, why: "no connection", tookMs: 3_000 };

it("says who latched, whether it is global, and how to go on", () => {
  expect(haltLines(facts, [policy, execution, silent], 4n)).toEqual([
    "halt 0123456789ab  level 2 and cancel, symbol:AAPL: prices look wrong",
    "policy       latched  12 ms",
    "execution    latched  9 ms",
    "validator-1  no answer  3000 ms  no connection",
    "in the control log, epoch 4: it holds everywhere, whatever restarts",
    'no new order leaves. To go on: ./countersign resume 0123456789ab -m "why"',
  ]);
});

it("says so when it is not certain that trading has stopped", () => {
  const refusing = { server: "execution", latched: false, why: "MAY_NOT_HALT", tookMs: 5 };
  const lines = haltLines(facts, [policy, refusing, silent], undefined);
  expect(lines).toContain("execution    refuses  5 ms  MAY_NOT_HALT");
  expect(lines.at(-2)).toMatch(/not in the control log yet/);
  expect(lines.at(-1)).toMatch(/^NOT STOPPED FOR CERTAIN/);
  expect(haltLines(facts, [policy, execution, silent], undefined).at(-1)).toMatch(/^no new order leaves/);
});
