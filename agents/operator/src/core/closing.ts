/** Closing trading: a halt by the Operator in its own name. What it may not do is to open it again. */
import { create } from "@bufbuild/protobuf";
import { type FenceState, type HaltRequest, HaltRequestSchema } from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";

export interface Closing {
  readonly haltId: string;
  readonly reason: string;
  readonly attempts: number;
  /** `done`: a validator has latched it, and goes on proposing it until it is certified; or it was refused for good. */
  readonly state: "waiting" | "asked" | "done";
}

/** The same outage in the same epoch is the same halt, however often it is asked for. */
export function closingFor({ epoch }: FenceState, reason: string): Closing {
  const haltId = businessKey("operator", String(epoch), reason).slice(0, 32);
  return { haltId, reason, attempts: 0, state: "waiting" };
}

/** Whether a halt of everything is in force already: there is nothing to close. */
export function isClosed({ halts }: FenceState): boolean {
  return halts.some(({ scope }) => scope.kind === "all");
}

export function haltRequest({ haltId, reason }: Closing): HaltRequest {
  return create(HaltRequestSchema, { halt: { haltId, level: 1, scope: "all", reason, by: "operator" } });
}
