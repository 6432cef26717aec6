/**
 * A halt of level 3: what is held in its scope is closed, by orders that only reduce, of the epoch that the halt began, by the same path
 * as every other order.
 *
 * 1. One order at a time, each for all that is held of its symbol; what was refused is halved and asked for again, ever more rarely.
 * 2. All orders that close one position are children of one parent: above the ceiling a person is asked, however it is cut.
 * 3. It goes on until nothing is held, or the halt is over. A strategy's halt closes nothing: positions are the account's.
 */
import { haltCovering, type OpenHalt } from "@countersign/contracts";
import { quantity, roundToLot } from "@countersign/orders";
import {
  bandAround,
  decisionMade,
  type Ended,
  intentKeyOf,
  propose,
  tradeTo,
  writeIntent,
} from "@countersign/proposer";
import type { Context, Decision, Effect } from "@countersign/runtime";
import type { HedgerConfig } from "../config.ts";
import type { Closing, HedgerState } from "./state.ts";
import type { HedgerView } from "./view.ts";

/** On whose behalf: whoever halted. */
const PRINCIPAL = "strategy:flatten@1";
/** Beyond either side of the touch. What does not trade within it is tried again, at the touch of then. */
const BAND = 0.02;
const RETRY_MS = 1_000;
const DOUBLINGS_MAX = 6;

/** Undefined where no such halt is in force over anything that is held. */
export function flatten(
  state: HedgerState,
  context: Context<HedgerView>,
  config: HedgerConfig,
): Decision<HedgerState> | undefined {
  const held = Object.values(state.account.book.positions).toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1));
  const covered = held.flatMap(({ symbol, quantity: { units } }) => {
    const halt = units === 0n ? undefined : flatteningHalt(context, config, symbol);
    return halt === undefined ? [] : [{ symbol, units, halt }];
  });
  if (covered.length === 0) return undefined;
  // One at a time: also a hedge that is under way ends first, and what it fills is closed, too.
  if (Object.keys(state.proposals).length > 0 || context.nowMs < (state.closing?.untilMs ?? 0))
    return { state, effects: [] };
  const priced = covered.find(({ symbol }) => context.view.quotes.last(symbol) !== undefined);
  return priced === undefined ? again(state, context, covered[0]!.symbol) : close(state, priced, context, config);
}

/** After an order has ended: if it was the last of these, on at once when it traded, else a while later and for half as much. */
export function afterEnded(closing: Closing, ended: Ended | undefined, nowMs: number): Decision<Closing> {
  if (ended?.proposal.intentKey !== closing.intentKey) return { state: closing, effects: [] };
  if (ended.outcome === "filled") return { state: { ...closing, refusals: 0, untilMs: 0 }, effects: [] };
  const refusals = closing.refusals + 1;
  const untilMs = nowMs + RETRY_MS * 2 ** Math.min(refusals - 1, DOUBLINGS_MAX);
  return { state: { ...closing, refusals, untilMs }, effects: [retryAt(untilMs, closing)] };
}

function close(
  state: HedgerState,
  { symbol, units, halt }: { readonly symbol: string; readonly units: bigint; readonly halt: OpenHalt },
  { view, nowMs, cause }: Context<HedgerView>,
  config: HedgerConfig,
): Decision<HedgerState> {
  const before = state.closing?.haltId === halt.id ? state.closing : undefined;
  const { tries, refusals } = before ?? { tries: 0, refusals: 0 };
  const instrument = config.instruments.get(symbol);
  const last = view.quotes.last(symbol);
  if (instrument === undefined || last === undefined) throw new Error(`broken invariant: ${symbol} was priced`);
  const part = (units < 0n ? -units : units) >> BigInt(Math.min(refusals, DOUBLINGS_MAX));
  const whole = roundToLot(quantity(part, instrument.quantityScale), instrument, "floor").units;
  // Less than a lot: all of it, for which the venue has its own rules.
  const target = whole === 0n ? 0n : units < 0n ? units + whole : units - whole;
  const trade = tradeTo(target, units, instrument);
  if (trade === undefined) throw new Error(`broken invariant: there is ${symbol} to close`);
  const key = { principal: PRINCIPAL, symbol, signalId: halt.id, leg: "flatten" };
  const explanation = `the halt ${halt.id} of level ${halt.level} closes what is held`;
  const intent = writeIntent(config, {
    ...key,
    attempt: tries,
    parent: intentKeyOf(config, { ...key, attempt: 0 }),
    side: trade.side,
    quantity: trade.quantity,
    band: bandAround(last, BAND, instrument),
    reduceOnly: true,
    proposer: "hedger",
    confidence: 1,
    expectedReturn: 0,
    features: {},
    explanation,
    quotes: [last.ref],
    decidedAtMs: nowMs,
  });
  const asked = propose(state.proposals, intent, cause);
  const closing: Closing = { haltId: halt.id, intentKey: asked.intentKey, tries: tries + 1, refusals, untilMs: 0 };
  const made = decisionMade({ agent: "hedger", subject: symbol, decision: "FLATTEN", explanation, cause });
  return { state: { ...state, proposals: asked.proposals, closing }, effects: [made, ...asked.effects] };
}

/** Nobody knows a price: it is looked for again. */
function again(state: HedgerState, { nowMs }: Context<HedgerView>, symbol: string): Decision<HedgerState> {
  const untilMs = nowMs + RETRY_MS;
  const closing = { ...(state.closing ?? NOTHING_YET), untilMs };
  const text = `what is held of ${symbol} cannot be closed: nobody knows a price`;
  return {
    state: { ...state, closing },
    effects: [{ kind: "alert", code: "NO_PRICE", text }, retryAt(untilMs, closing)],
  };
}

const NOTHING_YET: Closing = { haltId: "", intentKey: "", tries: 0, refusals: 0, untilMs: 0 };

function retryAt(dueMs: number, { haltId }: Closing): Effect {
  return { kind: "timer", id: `flatten ${haltId} ${dueMs}`, dueMs, data: null };
}

function flatteningHalt(
  { fence }: Context<HedgerView>,
  { account, venue }: HedgerConfig,
  symbol: string,
): OpenHalt | undefined {
  const halts = fence.halts.filter(({ level }) => level === 3);
  return haltCovering({ ...fence, halts }, { account, venue, symbol, strategy: "" });
}
