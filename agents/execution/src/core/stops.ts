import type { Context } from "@countersign/runtime";
import type { CoreConfig } from "./config.ts";
import { ACCEPT, type Why } from "./records.ts";
import type { ExecutionState } from "./state.ts";

/**
 * Why this account takes no new order at all, or undefined. Cancels are not asked, and what works goes on working.
 *
 * - `ACCOUNT_CLOSED`: something happened that only a person can explain
 * - `RECONCILING`: the venue has not said yet what it did while nobody here looked
 * - `AUDIT_STALE`: outside a replay, Compliance has said no checkpoint for 10 s
 * - `AUDIT_BEHIND`: Compliance does not hold the records of what was done
 * - `UNBOOKED_FILLS`: the quorum does not book what was traded
 */
export function tradingStop(
  { mode }: CoreConfig,
  { closed, reconciling, unbooked }: ExecutionState,
  { nowMs, auditTrailing, auditStale }: Pick<Context<unknown>, "nowMs" | "auditTrailing" | "auditStale">,
): Why | undefined {
  const [reason] = closed;
  if (reason !== undefined) return stop("ACCOUNT_CLOSED", `${reason.code}: ${reason.text}`); // P03.explained
  if (reconciling) return stop("RECONCILING", "the venue has not said yet what it knows"); // P03.reconciled
  if (auditStale === true) return stop("AUDIT_STALE", "Compliance has said no checkpoint for too long"); // P08.gate-lease
  const behind = `${auditTrailing} records are not in the log`;
  if (!(auditTrailing < AUDIT_TRAILING_MAX)) return stop("AUDIT_BEHIND", behind); // P08.gate-trailing
  const waiting = unbooked.reduce((sum, { fills }) => sum + fills, 0);
  if (waiting >= UNBOOKED_MAX) return stop("UNBOOKED_FILLS", `${waiting} fills are not booked`);
  const [oldest] = unbooked;
  // In a replay time jumps from quote to quote: leases are counted there, not timed.
  if (mode !== "replay" && oldest !== undefined && nowMs - oldest.sinceMs > UNBOOKED_MS_MAX)
    return stop("UNBOOKED_FILLS", `a fill has waited ${nowMs - oldest.sinceMs} ms to be booked`);
  return undefined;
}

function stop(code: string, text: string): Why {
  return { code, place: ACCEPT, text };
}

/** P08's lease, counted. */
const AUDIT_TRAILING_MAX = 1_000;
const UNBOOKED_MAX = 1_000;
const UNBOOKED_MS_MAX = 10_000;
