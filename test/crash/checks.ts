/** What must hold of the evidence, whatever died and when. Pure: each check names itself and what it found. */
import type { Evidence, Gathered, Reread } from "./evidence.ts";

export interface Finding {
  readonly check: keyof typeof checks;
  readonly text: string;
}

const checks = {
  "sent-once": ({ sent }: Evidence) =>
    twice(sent).map((id) => `client order id ${id} reached the venue more than once`),
  "one-outcome": ({ accepted, ended, working }: Evidence) => [
    ...twice(accepted).map((key) => `order ${key} was accepted more than once`),
    ...twice(ended).map((key) => `order ${key} has more than one outcome`),
    ...missing(accepted, [...ended, ...working]).map((key) => `order ${key} was accepted and has no outcome`),
    ...working
      .filter((key) => ended.includes(key))
      .map((key) => `order ${key} is said to be over and works at the venue`),
  ],
  "fill-known": ({ traded, filled }: Evidence) => [
    ...missing(traded, filled).map((id) => `the venue's trade ${id} was never published`),
    ...missing(filled, traded).map((id) => `fill ${id} is no trade of the venue's`),
  ],
  "booked-once": ({ traded, booked }: Evidence) => [
    ...twice(booked).map((id) => `trade ${id} is booked more than once`),
    ...missing(traded, booked).map((id) => `trade ${id} is not booked`),
    ...missing(booked, traded).map((id) => `execution ${id} is booked and never happened`),
  ],
  published: ({ unpublished }: Evidence) => unpublished.map((id) => `record ${id} is committed and not on the bus`),
  "on-record": ({ committed, leaves }: Evidence) => [
    ...twice(leaves).map((id) => `record ${id} is in the audit log more than once`),
    ...missing(committed, leaves).map((id) => `record ${id} is not in the audit log`),
  ],
  cosigned: ({ leaves, cosigned }: Evidence) =>
    leaves.slice(cosigned).map((id) => `record ${id} is in the audit log, and under no cosigned checkpoint`),
  explained: ({ kept }: Evidence) =>
    kept.filter(({ code }) => code === "").map(({ queue }) => `a record lies in ${queue} without a reason`),
  // A fill, an order's end, a ledger entry: what has happened never expires, and is never too much.
  "events-pass": ({ kept }: Evidence) =>
    kept
      .filter(({ queue, code }) => !/^orders\.intent|^approvals\.decision/.test(queue) && TOO_LATE.has(code))
      .map(({ queue, code }) => `an event was refused as ${code}: ${queue}`),
  chained: ({ audit }: Evidence) => audit,
  balanced: ({ ledger }: Evidence) => ledger,
  replayed: ({ differing }: Evidence) => differing,
  "account-open": ({ closed }: Evidence) => closed.map((text) => `the account was closed: ${text}`),
} as const;

/** Where nothing was read again, only what was gathered is judged. */
export function check(gathered: Gathered & Partial<Reread>): readonly Finding[] {
  const evidence: Evidence = { audit: [], ledger: [], differing: [], decisions: 0, ...gathered };
  return Object.entries(checks).flatMap(([name, find]) =>
    find(evidence).map((text) => ({ check: name as Finding["check"], text })),
  );
}

/**
 * Faults to be found, each by the check it names: made in the evidence, because nothing in the product can be told to lose a fill.
 */
export const plants = {
  "lose-fill": ["booked-once", (e) => ({ ...e, booked: e.booked.slice(1) })],
  "book-twice": ["booked-once", (e) => ({ ...e, booked: [...e.booked, ...e.booked.slice(0, 1)] })],
  resend: ["sent-once", (e) => ({ ...e, sent: [...e.sent, ...e.sent.slice(0, 1)] })],
  "drop-outbox": ["published", (e) => ({ ...e, unpublished: [...e.unpublished, ...e.committed.slice(0, 1)] })],
  "forget-inbox": ["one-outcome", (e) => ({ ...e, ended: [...e.ended, ...e.ended.slice(0, 1)] })],
  "skip-audit": ["on-record", (e) => ({ ...e, leaves: e.leaves.slice(1) })],
} as const satisfies Record<string, readonly [Finding["check"], (evidence: Evidence) => Evidence]>;

/** Refusals that are for what asks for something. */
const TOO_LATE: ReadonlySet<string> = new Set(["STALE", "RATE_LIMITED"]);

function twice(ids: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.size === seen.add(id).size);
}

function missing(of: readonly string[], among: readonly string[]): readonly string[] {
  const known = new Set(among);
  return of.filter((id) => !known.has(id));
}
