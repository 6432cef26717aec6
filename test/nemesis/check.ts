/**
 * Whether a history can be that of two certified logs. Pure. A log that only grows is linearizable when positions never go back in real
 * time: what begins after something has ended sees at least as much.
 */
import type { LogName } from "@countersign/quorum";
import type { At, Event, FinalEntry, Place, Span } from "./history.ts";

export interface Finding {
  readonly check: "lost" | "fork" | "stale" | "twice" | "unasked" | "forget-halt" | "old-epoch" | "closed";
  readonly text: string;
}

/** A gate that is as fresh as it has to be may not know yet what was committed so long ago. */
const LEASE_MS = 3_000;
const LOGS: readonly LogName[] = ["control", "ledger"];

export function check(history: readonly Event[]): readonly Finding[] {
  return LOGS.flatMap((log) => {
    const final = finalOf(history, log);
    const seen = placed(history, log);
    return [...forks(history, log), ...lost(seen, final, log), ...stale(seen, log), ...once(history, final)];
  }).concat(haltsForgotten(history), epochs(history));
}

type Seen = Span & Place & { readonly isAppend: boolean };

/** What was acknowledged or read of one log. */
function placed(history: readonly Event[], log: LogName): readonly Seen[] {
  return history.flatMap((event) =>
    (event.kind === "append" || event.kind === "read") && event.log === log
      ? [{ ...spanOf(event), seq: event.seq, digest: event.digest, isAppend: event.kind === "append" }]
      : [],
  );
}

const spanOf = ({ fromMs, toMs }: Span): Span => ({ fromMs, toMs });

/** Nowhere at any time two entries at one place. */
function forks(history: readonly Event[], log: LogName): readonly Finding[] {
  const at = new Map<string, string>();
  const findings: Finding[] = [];
  const see = ({ seq, digest }: Place, who: string) => {
    const known = at.get(seq) ?? digest;
    at.set(seq, known);
    if (seq !== "0" && known !== digest)
      findings.push({ check: "fork", text: `${log} ${seq} is ${short(known)}, and ${short(digest)} by ${who}` });
  };
  for (const event of history) {
    if (event.kind === "append" && event.log === log) see(event, event.opId);
    if (event.kind === "read" && event.log === log)
      for (const place of [event, ...event.entries]) see(place, event.validator);
    if (event.kind === "final" && event.log === log) for (const entry of event.entries) see(entry, event.validator);
  }
  return findings;
}

/** What was acknowledged or read once is there in the end. */
function lost(seen: readonly (Seen | At)[], final: readonly FinalEntry[], log: LogName): readonly Finding[] {
  const there = new Set(final.map(({ seq }) => seq));
  const gone = new Set(seen.map(({ seq }) => seq).filter((seq) => seq !== "0" && !there.has(seq)));
  return [...gone].map((seq) => ({ check: "lost", text: `${log} ${seq} was there, and is not` }));
}

function stale(seen: readonly Seen[], log: LogName): readonly Finding[] {
  const byEnd = seen.toSorted((a, b) => a.toMs - b.toMs);
  let [ended, highest] = [0, 0n];
  return seen
    .toSorted((a, b) => a.fromMs - b.fromMs)
    .flatMap((one) => {
      for (; ended < byEnd.length && byEnd[ended]!.toMs < one.fromMs; ended++)
        highest = max(highest, BigInt(byEnd[ended]!.seq));
      // What is appended stands behind all that was there when it was first asked for.
      const isStale = BigInt(one.seq) < highest || (one.isAppend && BigInt(one.seq) === highest);
      return isStale ? [{ check: "stale", text: `${log}: ${one.seq} after ${highest}` } as const] : [];
    });
}

/** Each proposal at one place, and none that nobody has made. */
function once(history: readonly Event[], final: readonly FinalEntry[]): readonly Finding[] {
  const asked = new Set(history.flatMap((event) => (event.kind === "asked" ? [event.opId] : [])));
  const at = new Map<string, string>();
  return final.flatMap(({ seq, opIds }) =>
    opIds.flatMap((opId): Finding[] => {
      const before = at.get(opId);
      at.set(opId, seq);
      if (before !== undefined) return [{ check: "twice", text: `${short(opId)} at ${before} and ${seq}` }];
      return asked.has(opId) ? [] : [{ check: "unasked", text: `${short(opId)} at ${seq}` }];
    }),
  );
}

/** What one validator has latched is in the log in the end. */
function haltsForgotten(history: readonly Event[]): readonly Finding[] {
  const global = new Set(finalOf(history, "control").flatMap(({ haltIds }) => haltIds));
  return history.flatMap((event): Finding[] =>
    event.kind === "halt" && event.latchedBy.length > 0 && !global.has(event.haltId)
      ? [{ check: "forget-halt", text: `${short(event.haltId)}, latched by ${event.latchedBy.join(", ")}` }]
      : [],
  );
}

/** No order in an epoch that was closed, or that had ended longer ago than a lease. */
function epochs(history: readonly Event[]): readonly Finding[] {
  const final = finalOf(history, "control");
  const open = new Set(final.flatMap(({ epoch, isOpen }) => (isOpen && epoch !== undefined ? [epoch] : [])));
  const over = endOfEpochs(history, final);
  return history.flatMap((event): Finding[] => {
    if (event.kind !== "order") return [];
    const { epoch, atMs } = event;
    if (!open.has(epoch)) return [{ check: "closed", text: `an order in epoch ${epoch}, in which trading was halted` }];
    const lateMs = atMs - (over.get(epoch) ?? Number.POSITIVE_INFINITY);
    return lateMs > LEASE_MS
      ? [{ check: "old-epoch", text: `an order in epoch ${epoch}, ${Math.round(lateMs)} ms after its end` }]
      : [];
  });
}

/** Of each epoch, when somebody is known to have seen a later one: ms. */
function endOfEpochs(history: readonly Event[], final: readonly FinalEntry[]): ReadonlyMap<string, number> {
  const seen = placed(history, "control").toSorted((a, b) => a.toMs - b.toMs);
  const ends = new Map<string, number>();
  for (const [n, { epoch }] of final.entries()) {
    const next = final.slice(n).find((later) => later.epoch !== epoch);
    const known = next && seen.find(({ seq }) => BigInt(seq) >= BigInt(next.seq));
    if (epoch !== undefined && known !== undefined) ends.set(epoch, known.toMs);
  }
  return ends;
}

/** The longest that a validator has told: where two differ, there is a fork. */
function finalOf(history: readonly Event[], log: LogName): readonly FinalEntry[] {
  return history
    .flatMap((event) => (event.kind === "final" && event.log === log ? [event.entries] : []))
    .reduce<readonly FinalEntry[]>((a, b) => (b.length > a.length ? b : a), []);
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const short = (hex: string): string => hex.slice(0, 12);
