/**
 * What an agent is to the runtime: a canvas, a view of the market, and one pure function.
 *
 *     decide(state, input, context) → { state, effects }
 *
 * `decide` does no I/O, reads no clock and draws no random number: everything it may know is in its arguments, so the journal can put
 * the same arguments before it again and must see the same effects, byte for byte (P09).
 */

import type { Message } from "@bufbuild/protobuf";
import type { Bar, FenceState, Quote, Signed, Trade } from "@countersign/contracts";
import type { EnvelopeBody } from "@countersign/envelope";
import type { Canvas } from "./canvas.ts";

export interface Agent<State, View = undefined> {
  readonly canvas: Canvas;
  /** Its state is one aggregate per key; undefined: the input is nothing to this agent. */
  keyOf(input: Input): string | undefined;
  initial(key: string): State;
  /** Must not change `state`; returns the same object when nothing has changed. */
  decide(state: State, input: Input, context: Context<View>): Decision<State>;
  readonly view: ViewOf<View>;
}

export interface Decision<State> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export interface Context<View> {
  /** Decision time, ms. */
  readonly nowMs: number;
  /** The market as this agent has seen it. Read only. */
  readonly view: View;
  readonly fence: FenceState;
  /** Own records that Compliance's last checkpoint did not name yet, over the worst chain (P08). */
  readonly auditTrailing: number;
  /** Whether Compliance's last checkpoint is older than its lease: machine time, and so never in a replay. */
  readonly auditStale?: boolean;
  /** Of the message, call or quote that is being decided upon. */
  readonly cause: Cause;
}

export interface Cause {
  readonly msgId: string;
  readonly correlationId: string;
}

/**
 * The market folded into estimators and last prices. It is rebuilt from a snapshot and its position and may be changed in place, because a
 * day has hundreds of thousands of quotes. What `fold` returns is put before `decide` as an input of kind "market".
 */
export interface ViewOf<View> {
  create(): View;
  fold(view: View, message: MarketMessage): Trigger | undefined;
  /** JSON. */
  snapshot(view: View): unknown;
  restore(snapshot: unknown): View;
}

/** Names the message for evidence (QuoteRef) and for the positions of the journal. */
export interface MarketRef {
  readonly msgId: string;
  readonly seq: bigint;
  /** SHA-256 of the body. */
  readonly digest: Uint8Array;
}

export type MarketMessage =
  | { readonly type: "market.quote"; readonly value: Quote; readonly ref: MarketRef }
  | { readonly type: "market.trade"; readonly value: Trade; readonly ref: MarketRef }
  | { readonly type: "market.bar"; readonly value: Bar; readonly ref: MarketRef };

export interface Trigger {
  readonly name: string;
  /** Plain data, derived from the view alone. */
  readonly data: unknown;
}

export type Input =
  | {
      readonly kind: "message";
      readonly topic: string;
      readonly type: string;
      readonly body: EnvelopeBody;
      readonly payload: Message;
      readonly attached: Attached;
      /** The envelope as it was delivered, and SHA-256 of its body. */
      readonly bytes: Uint8Array;
      readonly digest: Uint8Array;
    }
  | {
      readonly kind: "call";
      readonly call: string;
      readonly type: string;
      readonly body: EnvelopeBody;
      readonly payload: Message;
    }
  /** The answer to a call this agent made; `id` is the call effect's. */
  | {
      readonly kind: "answer";
      readonly id: string;
      readonly type: string;
      readonly body: EnvelopeBody;
      readonly payload: Message;
    }
  /** The call could not be made, or its answer was refused: code, never an answer. */
  | { readonly kind: "no-answer"; readonly id: string; readonly code: string }
  | { readonly kind: "timer"; readonly id: string; readonly dueMs: number; readonly data: unknown }
  | { readonly kind: "market"; readonly name: string; readonly data: unknown }
  /** The control log has a new head. */
  | { readonly kind: "fence"; readonly fence: FenceState }
  /** The end of a step that wrote a record: what is periodic elsewhere happens here in an embedded replay. */
  | { readonly kind: "tick" }
  /** What an edge of the agent reports, such as a venue. Plain data; bigints allowed. `id` is its msg_id as a cause. */
  | { readonly kind: "edge"; readonly id: string; readonly name: string; readonly data: unknown };

/** Signatures that came with an envelope and speak for themselves: the votes over a log entry. */
export type Attached = readonly Signed[];

/** What a decision wants done, in the order in which it is done. All of it is in one transaction with the state, but `act`. */
export type Effect =
  | PublishEffect
  /** Answers the call that is the input; stored with it, so that a repetition gets the same bytes. */
  | { readonly kind: "reply"; readonly type: string; readonly payload: Message; readonly intent: string }
  | CallEffect
  /** Comes back as an input when decision time reaches `dueMs`, also after a crash. One per id: setting it again moves it. */
  | { readonly kind: "timer"; readonly id: string; readonly dueMs: number; readonly data: unknown }
  | { readonly kind: "cancel-timer"; readonly id: string }
  /** Takes an id once for ever, whatever aggregate asks. A taken one undoes this input, which comes back as `claimed`. */
  | { readonly kind: "claim"; readonly id: string; readonly otherwise: readonly PublishEffect[] }
  /** Appends to one of the agent's own logs, at exactly this seq. */
  | { readonly kind: "append"; readonly stream: string; readonly seq: bigint; readonly bytes: Uint8Array }
  /** Handed to the agent's edge after the commit, at most once ever: a crash in between never repeats it. */
  | { readonly kind: "act"; readonly name: string; readonly data: unknown }
  /** For the operator's eyes: logged and counted. */
  | { readonly kind: "alert"; readonly code: string; readonly text: string };

export interface PublishEffect {
  readonly kind: "publish";
  readonly topic: string;
  readonly key: string;
  readonly type: string;
  readonly payload: Message;
  /** The header's action word: ALLOCATE, PERMIT, FILL … */
  readonly intent: string;
  readonly idempotencyKey?: string;
  /** The record is also the answer to the call that is the input. */
  readonly reply?: boolean;
  readonly attached?: Attached;
  /** What it follows from, when that is not the input itself: a fill follows from its order, whichever quote brought it about. */
  readonly cause?: Cause;
}

export interface CallEffect {
  readonly kind: "call";
  /** Chosen by the agent, derived from business keys; the answer names it. */
  readonly id: string;
  readonly call: string;
  /** Which server, where several serve the call. */
  readonly to: string;
  readonly type: string;
  readonly payload: Message;
  readonly intent: string;
  readonly idempotencyKey: string;
  readonly cause?: Cause;
}

/** A view for agents that do not look at the market. */
export const noView: ViewOf<undefined> = {
  create: () => undefined,
  fold: () => undefined,
  snapshot: () => null,
  restore: () => undefined,
};
