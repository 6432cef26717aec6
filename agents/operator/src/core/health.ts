/**
 * How everybody does, by what they say of themselves: who fell silent and for how long, whose fence trails the control log, who is behind
 * what is asked of it. Heartbeats come each second, and are no record each: only what changes is.
 */
import type { Heartbeat } from "@countersign/contracts";
import type { Context } from "@countersign/runtime";
import type { Watch } from "./config.ts";

interface AgentHealth {
  /** Decision time, ms, to within `HEARD_EVERY_MS`. */
  readonly heardMs: number;
  /** The head of the control log that its fence has. */
  readonly controlSeq?: bigint;
  /** It was said to be behind this head already. */
  readonly behindSeq?: bigint;
  /** Since when it is behind what is asked of it. */
  readonly lateSinceMs?: number;
  /** How to help it was said already. */
  readonly advised?: boolean;
  /** It has not been heard since `heardMs`, and that is on record. */
  readonly isSilent?: boolean;
  readonly outages: number;
  /** Of all outages that are over. */
  readonly outageMs: number;
}

export type Health = Readonly<Record<string, AgentHealth>>;

export type Finding =
  | { readonly kind: "silent"; readonly agent: string; readonly forMs: number }
  /** With the mean time to recovery of this agent, ms. */
  | {
      readonly kind: "back";
      readonly agent: string;
      readonly afterMs: number;
      readonly meanMs: number;
      readonly outages: number;
    }
  | { readonly kind: "fence-behind"; readonly agent: string; readonly seq: bigint; readonly head: bigint }
  | { readonly kind: "late"; readonly agent: string; readonly lagMs: number; readonly forMs: number };

export interface Folded {
  readonly health: Health;
  readonly findings: readonly Finding[];
}

/** A transaction for each of thirteen heartbeats a second would tell nobody more. */
const HEARD_EVERY_MS = 2_500;
/** A fence reads the control log each second, and may miss one reading. */
const FENCE_BEHIND_MS = 5_000;
const LATE_MS = 1_000;
/** What is late for so long is no burst. */
const LATE_FOR_MS = 30_000;

export function hear(health: Health, agent: string, heartbeat: Heartbeat, nowMs: number): Folded {
  const known: AgentHealth = health[agent] ?? { heardMs: nowMs, outages: 0, outageMs: 0 };
  // A watermark is a heartbeat that says neither.
  const { controlSeq = known.controlSeq, lagMs } = heartbeat;
  const isLate = lagMs === undefined ? known.lateSinceMs !== undefined : lagMs >= LATE_MS;
  const lateSinceMs = isLate ? (known.lateSinceMs ?? nowMs) : undefined;
  const lateForMs = nowMs - (lateSinceMs ?? nowMs);
  const advised = isLate && (known.advised === true || lateForMs >= LATE_FOR_MS);
  const isNews =
    health[agent] === undefined ||
    known.isSilent === true ||
    lateSinceMs !== known.lateSinceMs ||
    advised !== (known.advised ?? false) ||
    controlSeq !== known.controlSeq;
  if (!isNews && nowMs - known.heardMs < HEARD_EVERY_MS) return { health, findings: [] };
  const findings: Finding[] = [];
  let { outages, outageMs } = known;
  if (known.isSilent === true) {
    const afterMs = nowMs - known.heardMs;
    outages++;
    outageMs += afterMs;
    findings.push({ kind: "back", agent, afterMs, meanMs: outageMs / outages, outages });
  }
  if (advised && known.advised !== true)
    findings.push({ kind: "late", agent, lagMs: Number(lagMs ?? 0n), forMs: lateForMs });
  const heard: AgentHealth = {
    heardMs: nowMs,
    outages,
    outageMs,
    ...(controlSeq !== undefined && { controlSeq }),
    ...(known.behindSeq !== undefined && { behindSeq: known.behindSeq }),
    ...(lateSinceMs !== undefined && { lateSinceMs }),
    ...(advised && { advised }),
  };
  return { health: { ...health, [agent]: heard }, findings };
}

/** What nobody says: that somebody is silent, or goes on in an epoch that is over. */
export function look(health: Health, { nowMs, fence }: Context<undefined>, headSinceMs: number, watch: Watch): Folded {
  const findings: Finding[] = [];
  let next = health;
  for (const [agent, one] of Object.entries(health)) {
    const forMs = nowMs - one.heardMs;
    if (one.isSilent) continue;
    if (forMs > watch.silentAfterMs) {
      findings.push({ kind: "silent", agent, forMs });
      next = { ...next, [agent]: { ...one, isSilent: true } };
      continue;
    }
    const head = fence.head.seq;
    if (
      one.controlSeq === undefined ||
      one.controlSeq >= head ||
      one.behindSeq === head ||
      nowMs - headSinceMs < FENCE_BEHIND_MS
    )
      continue;
    findings.push({ kind: "fence-behind", agent, seq: one.controlSeq, head });
    next = { ...next, [agent]: { ...one, behindSeq: head } };
  }
  return { health: next, findings };
}

/** Agents that have been silent for longer, with how long. */
export function silentFor(
  health: Health,
  agents: readonly string[],
  nowMs: number,
  longerMs: number,
): readonly string[] {
  return agents.filter((agent) => health[agent]?.isSilent === true && nowMs - health[agent].heardMs > longerMs);
}
