import type {
  ApprovalDecision,
  EntryPosted,
  Fill,
  HaltRequest,
  Heartbeat,
  OrderAccepted,
  OrderReported,
  ProposeResponse,
  ValidateRequest,
} from "@countersign/contracts";
import type { Context, Decision, Input } from "@countersign/runtime";
import { decideApproval, expireApproval, voidOldEpoch } from "./approve.ts";
import type { PolicyConfig } from "./config.ts";
import { foldAccepted, foldFilled, foldHeartbeat, foldReported } from "./fold.ts";
import { isHaltCall, releaseLatches, requestHalt, retryHalt } from "./latch.ts";
import { observe } from "./observe.ts";
import { foldLedgerEntry } from "./reconcile.ts";
import type { PolicyState } from "./state.ts";
import { validate } from "./validate.ts";
import type { PolicyView } from "./view.ts";
import { watch } from "./watch.ts";

/** What Policy does with each input. Before it decides, it looks: at the control log, the clock and the market. */
export function decide(
  before: PolicyState,
  input: Input,
  context: Context<PolicyView>,
  config: PolicyConfig,
): Decision<PolicyState> {
  const released = releaseLatches(before, context.fence);
  // A watermark moves no market: it comes at the end of every step, and shall not write the account each time.
  const isWatermark = input.kind === "message" && input.type === "agent.heartbeat";
  const state = isWatermark ? released : observe(released, context.view, context.nowMs);
  switch (input.kind) {
    case "call":
      return decideCall(state, input, context, config);
    case "message":
      return decideMessage(state, input, context, config);
    case "timer":
      return expireApproval(state, approvalIdOf(input.data), config);
    case "fence":
      return voidOldEpoch(state, input.fence, config);
    case "answer": {
      const { code } = input.payload as ProposeResponse;
      return { state, effects: code === undefined ? [] : retryHalt(state, config, input.id, code) };
    }
    case "no-answer":
      return { state, effects: retryHalt(state, config, input.id, input.code) };
    case "market":
      return watch(state, state, context, config);
    case "tick":
      return watch(released, state, context, config);
    case "edge":
      return { state, effects: [] };
  }
}

/** One account: its aggregate. An input of another account, or that Policy does not read, is nothing to it. */
export function keyOf(input: Input, { account }: PolicyConfig): string | undefined {
  switch (input.kind) {
    case "call":
    case "fence":
    case "market":
    case "timer":
    case "tick":
      return account;
    case "answer":
    case "no-answer":
      return isHaltCall(input.id) ? account : undefined;
    case "message":
      if (!READ.includes(input.type)) return undefined;
      if (input.type === "agent.heartbeat" && input.body.sender !== "execution") return undefined;
      return KEYED_BY_ACCOUNT.includes(input.type) && input.body.key !== account ? undefined : account;
    case "edge":
      return undefined;
  }
}

const KEYED_BY_ACCOUNT = ["order.accepted", "order.reported", "order.filled", "approval.decision"];
const READ = [...KEYED_BY_ACCOUNT, "ledger.entry", "agent.heartbeat"];

function decideCall(
  state: PolicyState,
  { type, body, payload }: Input & { readonly kind: "call" },
  context: Context<PolicyView>,
  config: PolicyConfig,
): Decision<PolicyState> {
  const sender = body.sender;
  if (type === "halt.request") return requestHalt(state, context.fence, payload as HaltRequest, sender);
  return validate(state, payload as ValidateRequest, sender, context, config);
}

function decideMessage(
  state: PolicyState,
  { type, body, payload, attached }: Input & { readonly kind: "message" },
  context: Context<PolicyView>,
  config: PolicyConfig,
): Decision<PolicyState> {
  const { nowMs, fence } = context;
  const sender = body.sender;
  const quiet = (next: PolicyState): Decision<PolicyState> => ({ state: next, effects: [] });
  switch (type) {
    case "order.accepted":
      return quiet(foldAccepted(state, payload as OrderAccepted, nowMs));
    case "order.reported":
      return quiet(foldReported(state, payload as OrderReported));
    case "order.filled": {
      const { state: filled, effects } = foldFilled(state, payload as Fill, fence, config);
      return { state: observe(filled, context.view, nowMs), effects };
    }
    case "ledger.entry":
      return foldLedgerEntry(
        state,
        payload as EntryPosted,
        attached,
        { sender, msgId: body.msgId, nowMs, fence },
        config,
      );
    case "agent.heartbeat":
      return foldHeartbeat(state, payload as Heartbeat, fence, config);
    case "approval.decision":
      return decideApproval(state, payload as ApprovalDecision, sender, context, config);
    default:
      return quiet(state);
  }
}

function approvalIdOf(data: unknown): string {
  return typeof data === "object" && data !== null && "approvalId" in data ? String(data.approvalId) : "";
}
