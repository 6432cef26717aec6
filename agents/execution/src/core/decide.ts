/** Execution's decision: which input goes where. Pure; everything it may know is in its arguments. */
import type { CancelOrder, EntryPosted, HaltRequest, OrderCommand, ProposeResponse } from "@countersign/contracts";
import type { EnvelopeBody } from "@countersign/envelope";
import { clientOrderId } from "@countersign/orders";
import type { Context, Decision, Input } from "@countersign/runtime";
import { cancelHalted, cancelOrder } from "./cancels.ts";
import type { CoreConfig } from "./config.ts";
import { onLedgerEntry } from "./deposits.ts";
import { edgeInput } from "./edge-input.ts";
import { forgetOld } from "./ended.ts";
import { onHaltRequest, releaseLatches } from "./latches.ts";
import { onLooked } from "./looked.ts";
import { onNoAnswer, onProposed, onRetry } from "./propose.ts";
import { ACCEPT, heartbeat, refused } from "./records.ts";
import { onReports } from "./reports.ts";
import { onDisconnected, onReconciled, onStarted } from "./restart.ts";
import type { ExecutionState } from "./state.ts";
import { onSubmit } from "./submit.ts";
import type { MarketView } from "./view.ts";

export function decide(
  config: CoreConfig,
  before: ExecutionState,
  input: Input,
  context: Context<MarketView>,
): Decision<ExecutionState> {
  const state = releaseLatches(before, context.fence);
  switch (input.kind) {
    case "message":
      return onMessage(config, state, input, context);
    case "call": {
      const { halt } = input.payload as HaltRequest;
      return onHaltRequest(state, halt, { sender: input.body.sender, fence: context.fence });
    }
    case "answer":
      return onProposed(config, state, { id: input.id, answer: input.payload as ProposeResponse }, context);
    case "no-answer":
      return onNoAnswer(state, input.id, context.nowMs);
    case "timer":
      return onRetry(config, state, input.id);
    case "fence":
      return cancelHalted(state, context.fence);
    case "tick":
      return { state: forgetOld(state, context.nowMs), effects: [heartbeat(state, context.nowMs)] };
    case "edge":
      return onEdge(config, state, input, context);
    case "market":
      return { state, effects: [] };
  }
}

type Message = Extract<Input, { kind: "message" }>;

function onMessage(
  config: CoreConfig,
  state: ExecutionState,
  { type, payload, body, attached }: Message,
  context: Context<MarketView>,
): Decision<ExecutionState> {
  if (type === "ledger.entry")
    return onLedgerEntry(config, state, (payload as EntryPosted).entry ?? new Uint8Array(0), attached);
  if (type !== "order.intent") return { state, effects: [] };
  const { command } = payload as OrderCommand;
  if (command.case === "submit") return onSubmit(config, state, command.value, { body, context });
  if (command.case === "cancel") return onCancel(state, command.value, body);
  const why = { code: "MALFORMED", place: ACCEPT, text: "neither submit nor cancel" };
  return { state, effects: [refused(body.msgId, why, body)] };
}

/** Halted or not, closed or not: a cancel passes. */
function onCancel(
  state: ExecutionState,
  { account, intentKey }: CancelOrder,
  body: EnvelopeBody,
): Decision<ExecutionState> {
  const held = intentKey ? state.orders[clientOrderId(intentKey)] : undefined;
  if (held !== undefined && account === state.account) return cancelOrder(state, held);
  const why = { code: "UNKNOWN_ORDER", place: ACCEPT, text: "no order of this account to cancel" };
  return { state, effects: [refused(intentKey || body.msgId, why, body)] };
}

function onEdge(
  config: CoreConfig,
  state: ExecutionState,
  input: Extract<Input, { kind: "edge" }>,
  context: Context<MarketView>,
): Decision<ExecutionState> {
  const known = edgeInput(input.name, input.data);
  if (known === undefined) throw new Error(`broken invariant: no edge reports ${input.name}`);
  switch (known.name) {
    case "reports":
      return onReports(config, state, known.data, context);
    case "started":
      return onStarted(state, known.data);
    case "disconnected":
      return onDisconnected(state);
    case "reconciled":
      return onReconciled(config, state, known.data, context);
    case "looked":
      return onLooked(config, state, known.data, context);
  }
}
