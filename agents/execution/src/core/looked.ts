/**
 * A look at the venue: what matches changes nothing and is not even written down. What differs in three looks in a row closes the
 * account, with a halt of its own, because one of two books is wrong and nobody here can know which.
 *
 * An execution that was not told is told now: booked as every other, when its order is ours; else it closes the account at once.
 */
import { businessKey } from "@countersign/envelope";
import type { Context, Decision, Effect } from "@countersign/runtime";
import { act } from "./acts.ts";
import { classifyFills, classifyHoldings, type Finding, type FindingClass } from "./classify.ts";
import type { CoreConfig } from "./config.ts";
import type { Look } from "./edge-input.ts";
import { tellGate } from "./latches.ts";
import { decided } from "./records.ts";
import { onReports } from "./reports.ts";
import type { Closed, Differing, ExecutionState } from "./state.ts";
import type { MarketView } from "./view.ts";

export function onLooked(
  config: CoreConfig,
  before: ExecutionState,
  look: Look,
  context: Context<MarketView>,
): Decision<ExecutionState> {
  // The venue is being asked for what happened while nobody looked: until it is told, nothing can be compared.
  if (before.reconciling) return { state: before, effects: [] };
  const fills = classifyFills(before, look);
  const reports = look.executions.filter((_, at) => fills[at]?.class === "unknown-fill");
  const told = reports.length === 0 ? undefined : onReports(config, before, { reports }, context);
  const state = told?.state ?? before;
  const holdings = classifyHoldings(config, state, look);
  const counted = count(state, holdings, look);
  const effects = [...(told?.effects ?? []), ...counted.effects];
  const counts = countsOf([...fills, ...holdings]);
  if (counts !== undefined) effects.push(act({ name: "found", data: counts }));
  return { state: counted.state, effects };
}

function count(state: ExecutionState, findings: readonly Finding[], look: Look): Decision<ExecutionState> {
  const { differing } = state;
  // What is closed over is not counted again, before a resume has opened it; and the same look says nothing new.
  const isKnown = state.closed.some(({ haltId }) => haltId !== undefined);
  if (isKnown || (differing !== undefined && look.timeMs <= differing.timeMs)) return { state, effects: [] };
  const differences = findings.filter(({ code }) => code !== undefined);
  if (differences.length === 0)
    return { state: differing === undefined ? state : { ...state, differing: undefined }, effects: [] };
  const looks: Record<string, number> = {};
  for (const one of differences) looks[keyOf(one)] = (differing?.looks[keyOf(one)] ?? 0) + 1;
  const lasting = differences.filter((one) => (looks[keyOf(one)] ?? 0) >= LOOKS_MAX);
  const after: Differing = { timeMs: look.timeMs, looks };
  return lasting.length === 0 ? { state: { ...state, differing: after }, effects: [] } : close(state, lasting, look);
}

/** The account is closed also to what would only reduce, for the position is not known; and halted, so that a resume may open it. */
function close(before: ExecutionState, lasting: readonly Finding[], look: Look): Decision<ExecutionState> {
  const { account } = before;
  const haltId = businessKey("latch", account, "reconciliation", look.venue, `${look.timeMs}`);
  const code = lasting[0]?.code as Closed["code"];
  const text = `in ${LOOKS_MAX} looks: ${lasting.map((one) => one.text).join("; ")}`;
  const state: ExecutionState = {
    ...before,
    differing: undefined,
    closed: [...before.closed, { code, text, haltId }],
    latches: [...before.latches, { id: haltId, level: 1, scope: { kind: "account", id: account } }],
  };
  const orphans = look.orders.filter(({ clientOrderId }) =>
    lasting.some((one) => one.class === "orphan-order" && one.about === `order ${clientOrderId}`),
  );
  const cancels = orphans.map(({ clientOrderId }): Effect => act({ name: "cancel", data: { clientOrderId } }));
  const said: Effect[] = [decided(haltId, "CLOSE", `${code} ${text}`), { kind: "alert", code, text }];
  return { state, effects: [...said, tellGate(state), ...cancels] };
}

/** Undefined when all of it matched. */
function countsOf(findings: readonly Finding[]): Partial<Record<FindingClass, number>> | undefined {
  if (findings.every((one) => one.class === "matched")) return undefined;
  const counts: Partial<Record<FindingClass, number>> = {};
  for (const one of findings) counts[one.class] = (counts[one.class] ?? 0) + 1;
  return counts;
}

function keyOf(finding: Finding): string {
  return `${finding.class} ${finding.about}`;
}

/** Both figures are of one moment, so one look would do, were there no venue whose own figures take a while to agree with each other. */
export const LOOKS_MAX = 3;
