/** Commands go stale; events state what happened and never do: a fill an hour late is still a fill. */
import type { EnvelopeBody } from "./body.ts";
import { type Refusal, refuse } from "./refusal.ts";

export interface AgeCheck {
  /** `command` also for the calls that ask for a decision (`ages` in the catalogue), `event` for everything else. */
  readonly kind: "command" | "event";
  /** Decision time, ms. */
  readonly nowMs: number;
  /** How far a sender's clock may be ahead of ours, ms. Refusing early is safe, so it does not lengthen a life. */
  readonly skewMs?: number;
}

/** STALE, FUTURE or undefined. */
export function checkAge(body: EnvelopeBody, { kind, nowMs, skewMs = CLOCK_SKEW_MS }: AgeCheck): Refusal | undefined {
  if (kind === "event") return undefined;
  const ageMs = nowMs - Number(body.sentAtMs);
  if (ageMs > Math.min(body.ttlMs, TTL_MS_MAX)) return refuse("STALE"); // P06.stale
  if (ageMs < -skewMs) return refuse("FUTURE"); // P06.future
  return undefined;
}

export const CLOCK_SKEW_MS = 5_000;

/** No sender makes a command live longer than this, ms: inboxes have to remember it for as long. */
export const TTL_MS_MAX = 300_000;
