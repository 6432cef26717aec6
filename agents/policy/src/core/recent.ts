/** How many permits the last minute has seen, for limits on the rate of orders. */
import type { Permits } from "./state.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** With one more. Those that are older than a minute are forgotten. */
export function countPermit(
  recent: readonly Permits[],
  { symbol, principal }: Pick<Permits, "symbol" | "principal">,
  nowMs: number,
): readonly Permits[] {
  const fromMs = nowMs - (nowMs % SECOND_MS);
  const isOwn = (one: Permits) => one.fromMs === fromMs && one.symbol === symbol && one.principal === principal;
  const kept = recent.filter((one) => isRecent(one, nowMs));
  if (!kept.some(isOwn)) return [...kept, { fromMs, symbol, principal, count: 1 }];
  return kept.map((one) => (isOwn(one) ? { ...one, count: one.count + 1 } : one));
}

/** A second counts until all of it is a minute old: a limit on the rate is never exceeded, and may hold up to a second longer. */
export function permitsOf(
  recent: readonly Permits[],
  isMeant: (one: Pick<Permits, "symbol" | "principal">) => boolean,
  nowMs: number,
): number {
  return recent.reduce((sum, one) => (isRecent(one, nowMs) && isMeant(one) ? sum + one.count : sum), 0);
}

function isRecent({ fromMs }: Permits, nowMs: number): boolean {
  return nowMs - (fromMs + SECOND_MS) < MINUTE_MS;
}
