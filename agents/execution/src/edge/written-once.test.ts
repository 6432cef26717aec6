import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rig } from "../../test/rig.ts";
import {
  cancelCommand,
  haltCall,
  intentOf,
  NOW_MS,
  permitFor,
  quote,
  resumed,
  submitCommand,
  submitOf,
} from "../../test/world.ts";

/** Everything that may happen to an Execution, in any order, with kills and repetitions. */
type Step =
  | { readonly do: "submit"; readonly order: number; readonly permit: string }
  | { readonly do: "cancel"; readonly order: number }
  | { readonly do: "act"; readonly times: number }
  | { readonly do: "quote" | "halt" | "resume" | "forget" | "kill" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("submit" as const),
      order: fc.nat(2),
      permit: fc.constantFrom("a", "b", "c"),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("act" as const), times: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), order: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("quote" as const, "halt", "resume", "forget", "kill") }) },
);

function run(steps: readonly Step[]): Rig {
  const rig = new Rig();
  let lives = 1;
  rig.quote(quote("AAPL", 19_010, 19_020));
  for (const one of steps) {
    switch (one.do) {
      case "submit": {
        // Every order under every permit id, each with Policy's good signature.
        const intent = intentOf({ intentKey: `intent-${one.order}` });
        const permit = permitFor(intent, { permitId: one.permit, expiresAtMs: NOW_MS + 1e9 });
        rig.decide(submitCommand(submitOf(intent, { permit })));
        break;
      }
      case "cancel":
        rig.decide(cancelCommand(`intent-${one.order}`));
        break;
      case "act": {
        const act = rig.acts.shift();
        for (let time = 0; act !== undefined && time < one.times; time++) rig.act(act);
        break;
      }
      case "quote":
        rig.quote(quote("AAPL", 18_970, 18_980, 60, rig.nowMs));
        break;
      case "halt":
        rig.decide(haltCall("h1", 2));
        break;
      case "resume":
        rig.setFence(resumed("h1"));
        break;
      case "forget":
        rig.nowMs += 61_000;
        rig.decide({ kind: "tick" });
        break;
      case "kill":
        rig.restart(`s${++lives}`);
        rig.quote(quote("AAPL", 19_010, 19_020, 60, rig.nowMs));
    }
  }
  return rig;
}

describe("an order", () => {
  it("is written to a venue at most once, ever, whatever happens in whatever order", () => {
    let written = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const { writes } = run(steps);
        written += writes.length;
        expect(writes).toEqual([...new Set(writes)]);
      }),
      { numRuns: 300 },
    );
    // Else the property would hold of an Execution that never writes.
    expect(written).toBeGreaterThan(100);
  });
});
