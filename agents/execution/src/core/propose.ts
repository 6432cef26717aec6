/**
 * Booking: fills are proposed to the quorum in the order in which they happened, one proposal at a time, and asked again, in the same
 * words, until there is an answer. What is filled meanwhile waits, and goes together into the next.
 *
 * One at a time, because a proposal's marks value the book that all fills before it have made: booked behind a later one, no validator
 * could ever agree with them. And a fill may be known here before the quotes of its time are, such as after a restart: marks that the
 * quorum refuses are looked up again, and the refusal is final once our own feed has come past the fill.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Fill,
  type FillsBooked,
  FillsBookedSchema,
  Log,
  ProposeRequestSchema,
  type ProposeResponse,
  type SubmitOrder,
  SubmitOrderSchema,
} from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import { markToWire } from "@countersign/ledger";
import type { Context, Decision, Effect } from "@countersign/runtime";
import type { CoreConfig } from "./config.ts";
import { isPast, marksOfRow } from "./fills.ts";
import { type Asked, closeAccount, type ExecutionState, type Unbooked } from "./state.ts";
import type { MarketView } from "./view.ts";

export interface Booking extends Pick<Unbooked, "atMs" | "open" | "traded"> {
  readonly fills: readonly Fill[];
  /** Of each order that a fill is of: what a validator judges it by. */
  readonly orders: readonly SubmitOrder[];
}

type Now = Pick<Context<MarketView>, "nowMs" | "view">;

export function proposeFills(
  config: CoreConfig,
  state: ExecutionState,
  { fills, orders, ...marked }: Booking,
  now: Now,
): Decision<ExecutionState> {
  const value = create(FillsBookedSchema, { account: state.account, fills: [...fills], orders: [...orders] });
  const booking = toBinary(FillsBookedSchema, value);
  const row = { booking, fills: fills.length, sinceMs: now.nowMs, ...marked };
  return askNext(config, { ...state, unbooked: [...state.unbooked, row] }, now);
}

/** The quorum's word about the proposal. What it refuses has happened all the same: it stays unbooked, and a person has to explain it. */
export function onProposed(
  config: CoreConfig,
  state: ExecutionState,
  { id, answer }: { readonly id: string; readonly answer: ProposeResponse },
  now: Now,
): Decision<ExecutionState> {
  const { asked } = state;
  if (asked === undefined || callIdOf(asked) !== id) return { state, effects: [] };
  const { code, seq } = answer;
  // Of another content under the same op id: an earlier word of ours, whose answer did not reach us, with other marks.
  const isBooked = (code === undefined && seq !== undefined) || code === "CONFLICT";
  if (isBooked) return askNext(config, { ...state, asked: undefined, unbooked: state.unbooked.slice(asked.rows) }, now);
  if (code === undefined || PASSING.has(code)) return retryLater(asked, state, now.nowMs);
  const last = state.unbooked[asked.rows - 1];
  if (code === "WRONG_MARKS" && last !== undefined) {
    const again = { ...requestOf(state, asked.rows, now.view), rows: asked.rows, attempt: asked.attempt };
    const isOther = Buffer.compare(again.request, asked.request) !== 0;
    if (isOther || !isPast(last, now.view)) return retryLater(again, { ...state, asked: again }, now.nowMs);
  }
  const fills = state.unbooked.slice(0, asked.rows).reduce((sum, row) => sum + row.fills, 0);
  const text = `the quorum refuses ${fills} fills at ${answer.place}: ${code} ${answer.text ?? ""}`;
  return {
    state: closeAccount(state, "FILL_REFUSED", text),
    effects: [{ kind: "alert", code: "FILL_REFUSED", text }],
  };
}

export function onNoAnswer(state: ExecutionState, callId: string, nowMs: number): Decision<ExecutionState> {
  const { asked } = state;
  if (asked === undefined || callIdOf(asked) !== callId) return { state, effects: [] };
  return retryLater(asked, state, nowMs);
}

/** Asks the next validator, under the same op id: whichever booked it says so. */
export function onRetry(config: CoreConfig, state: ExecutionState, timerId: string): Decision<ExecutionState> {
  const { asked } = state;
  if (asked === undefined || callIdOf(asked) !== timerId) return { state, effects: [] };
  const again = { ...asked, attempt: asked.attempt + 1 };
  return { state: { ...state, asked: again }, effects: [ask(config, again)] };
}

/** If nothing is asked, all that waits is, as far as one proposal takes it. */
function askNext(config: CoreConfig, state: ExecutionState, { view }: Now): Decision<ExecutionState> {
  if (state.asked !== undefined || state.unbooked.length === 0) return { state, effects: [] };
  let fills = 0;
  let rows = 0;
  for (const row of state.unbooked) {
    fills += row.fills;
    if (rows > 0 && fills > FILLS_MAX) break;
    rows++;
  }
  const asked = { ...requestOf(state, rows, view), rows, attempt: 0 };
  return { state: { ...state, asked }, effects: [ask(config, asked)] };
}

/** The first rows together, valued by the marks of the last: those of the book after all of them. */
function requestOf(state: ExecutionState, count: number, view: MarketView): Pick<Asked, "opId" | "request"> {
  const rows = state.unbooked.slice(0, count);
  const last = rows.at(-1);
  if (last === undefined) throw new Error("broken invariant: nothing waits to be booked");
  const value = together(rows.map(({ booking }) => fromBinary(FillsBookedSchema, booking)));
  value.marks = marksOfRow({ ...last, traded: rows.flatMap(({ traded }) => traded) }, view).map(markToWire);
  const opId = businessKey("fills", ...value.fills.map(({ executionId }) => executionId ?? ""));
  const request = create(ProposeRequestSchema, { opId, log: Log.LEDGER, content: { case: "fills", value } });
  return { opId, request: toBinary(ProposeRequestSchema, request) };
}

function together(bookings: readonly FillsBooked[]): FillsBooked {
  const orders = bookings.flatMap((booking) => booking.orders);
  const byBytes = new Map(
    orders.map((order) => [Buffer.from(toBinary(SubmitOrderSchema, order)).toString("base64"), order]),
  );
  return create(FillsBookedSchema, {
    account: bookings[0]?.account,
    fills: bookings.flatMap(({ fills }) => fills),
    orders: [...byBytes.values()],
  });
}

function ask({ members: { validators } }: CoreConfig, asked: Asked): Effect {
  const to = validators[asked.attempt % validators.length];
  if (to === undefined) throw new Error("broken invariant: there is a validator");
  return {
    kind: "call",
    id: callIdOf(asked),
    call: "QuorumService.Propose",
    to,
    type: "quorum.propose",
    payload: fromBinary(ProposeRequestSchema, asked.request),
    intent: "BOOK",
    idempotencyKey: asked.opId,
  };
}

function retryLater(asked: Asked, state: ExecutionState, nowMs: number): Decision<ExecutionState> {
  return { state, effects: [{ kind: "timer", id: callIdOf(asked), dueMs: nowMs + RETRY_MS, data: null }] };
}

/** Of the call and of the timer that repeats it. */
function callIdOf({ opId }: Asked): string {
  return `propose:${opId}`;
}

/** Fills of one proposal, about 2 kB each with the order they are of: some of them in one entry stay far below etcd's 1.5 MiB. */
const FILLS_MAX = 64;
/** Long enough for a validator's election, short beside the ten seconds after which trading stops. */
const RETRY_MS = 1_000;
/** Codes that say "not now", not "no": nothing was decided about the fills. */
const PASSING: ReadonlySet<string> = new Set(["NO_QUORUM", "BEHIND", "AHEAD", "VOTED_OTHERWISE"]);
