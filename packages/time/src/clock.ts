/**
 * Two clocks. *Decision time* is what decisions, permits, TTLs and approvals see: the wall clock in paper, shadow and live, the trace's
 * clock in a replay. *Machine time* is for deadlines, breakers and probes, and reaches no decision.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  nowMs(): number;
}

/** The wall clock, for decision time outside replay. */
export const wallClock: Clock = { nowMs: () => Date.now() };

/** Monotonic milliseconds of this process, for machine time. */
export const machineClock: Clock = { nowMs: () => performance.now() };
