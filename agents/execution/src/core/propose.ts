/**
 * Booking: fills are proposed to the quorum in the order in which they happened, one proposal at a time, and asked again, in the same
 * words, until there is an answer. What is filled meanwhile waits, and goes together into the next.
 *
 * One at a time, because a proposal's marks value the book that all fills before it have made: booked behind a later one, no validator
 * could ever agree with them.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Fill,
  type FillsBooked,
  FillsBookedSchema,
  Log,
  type Mark,
  ProposeRequestSchema,
  type ProposeResponse,
  type SubmitOrder,
  SubmitOrderSchema,
} from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import type { Decision, Effect } from "@countersign/runtime";
import type { CoreConfig } from "./config.ts";
import { type Asked, closeAccount, type ExecutionState } from "./state.ts";

export interface Booking {
  readonly fills: readonly Fill[];
  /** Of each order that a fill is of: what a validator judges it by. */
  readonly orders: readonly SubmitOrder[];
  readonly marks: readonly Mark[];
}

export function proposeFills(
  config: CoreConfig,
  state: ExecutionState,
  { fills, orders, marks }: Booking,
  nowMs: number,
): Decision<ExecutionState> {
  const value = create(FillsBookedSchema, {
    account: state.account,
    fills: [...fills],
    orders: [...orders],
    marks: [...marks],
  });
  const row = { booking: toBinary(FillsBookedSchema, value), fills: fills.length, sinceMs: nowMs };
  return askNext(config, { ...state, unbooked: [...state.unbooked, row] });
}

/** The quorum's word about the proposal. What it refuses has happened all the same: it stays unbooked, and a person has to explain it. */
export function onProposed(
  config: CoreConfig,
  state: ExecutionState,
  callId: string,
  answer: ProposeResponse,
  nowMs: number,
): Decision<ExecutionState> {
  const { asked } = state;
  if (asked === undefined || callIdOf(asked) !== callId) return { state, effects: [] };
  if (answer.code === undefined && answer.seq === undefined) return retryLater(asked, state, nowMs);
  if (answer.code !== undefined && PASSING.has(answer.code)) return retryLater(asked, state, nowMs);
  if (answer.code === undefined)
    return askNext(config, { ...state, asked: undefined, unbooked: state.unbooked.slice(asked.rows) });
  const fills = state.unbooked.slice(0, asked.rows).reduce((sum, row) => sum + row.fills, 0);
  const text = `the quorum refuses ${fills} fills at ${answer.place}: ${answer.code} ${answer.text ?? ""}`;
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
function askNext(config: CoreConfig, state: ExecutionState): Decision<ExecutionState> {
  if (state.asked !== undefined || state.unbooked.length === 0) return { state, effects: [] };
  const bookings: FillsBooked[] = [];
  let fills = 0;
  for (const row of state.unbooked) {
    fills += row.fills;
    if (bookings.length > 0 && fills > FILLS_MAX) break;
    bookings.push(fromBinary(FillsBookedSchema, row.booking));
  }
  const value = together(bookings);
  const opId = businessKey("fills", ...value.fills.map(({ executionId }) => executionId ?? ""));
  const request = create(ProposeRequestSchema, { opId, log: Log.LEDGER, content: { case: "fills", value } });
  const asked: Asked = {
    opId,
    request: toBinary(ProposeRequestSchema, request),
    rows: bookings.length,
    attempt: 0,
  };
  return { state: { ...state, asked }, effects: [ask(config, asked)] };
}

/** The last one's marks value the book after all of them. */
function together(bookings: readonly FillsBooked[]): FillsBooked {
  const orders = bookings.flatMap((booking) => booking.orders);
  const byBytes = new Map(
    orders.map((order) => [Buffer.from(toBinary(SubmitOrderSchema, order)).toString("base64"), order]),
  );
  return create(FillsBookedSchema, {
    account: bookings[0]?.account,
    fills: bookings.flatMap(({ fills }) => fills),
    orders: [...byBytes.values()],
    marks: bookings.at(-1)?.marks ?? [],
  });
}

function ask({ validators }: CoreConfig, asked: Asked): Effect {
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
