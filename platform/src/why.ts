/**
 * Why: what led to a line that was told, and what came of it. It reads the run's folder alone and verifies nothing; every step names the
 * record it stands on, and `audit verify` says whether that record is what it was.
 */
import { InputError } from "./inputs.ts";
import type { Told } from "./told.ts";
import { controlSteps } from "./why/control.ts";
import { type Evidence, readEvidence } from "./why/evidence.ts";
import { intruderSteps } from "./why/intruder.ts";
import type { Why, WhyStep } from "./why/node.ts";
import { orderSteps } from "./why/order.ts";

/** Of the line `number` of the run in `dir`. Throws InputError when there is no such line or the folder is not whole. */
export function why(dir: string, number: number): Why {
  const evidence = readEvidence(dir);
  const told = evidence.told.find(({ n }) => n === number);
  const last = evidence.told.at(-1)?.n;
  if (told === undefined) {
    const known = last === undefined ? "the run told nothing" : `the run told #1 to #${last}`;
    throw new InputError("BAD_OPTION", `there is no #${number}: ${known}`);
  }
  return explain(told, evidence);
}

/** From whatever is known so far. */
export function explain(told: Told, evidence: Evidence): Why {
  return { told, steps: stepsOf(told, evidence) };
}

function stepsOf(told: Told, evidence: Evidence): readonly WhyStep[] {
  switch (told.kind) {
    case "HALTED":
    case "RESUMED":
      return controlSteps(told.subject, evidence);
    case "INTRUDER":
      return intruderSteps(told, evidence);
    default:
      return orderSteps(told.subject, evidence);
  }
}
