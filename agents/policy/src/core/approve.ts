/** What a person answers, and what happens to an order that nobody answers in time. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ApprovalDecision, type FenceState, type Signed, SignedSchema } from "@countersign/contracts";
import { compare, type Money, modes, type Order, orderFromIntent } from "@countersign/orders";
import { checkApprovals, intentDigest, readApproval } from "@countersign/permit";
import type { Context, Effect } from "@countersign/runtime";
import { checkOrder } from "./check.ts";
import type { PolicyConfig } from "./config.ts";
import { personsNeeded } from "./limits.ts";
import { alert, approvalTimer, decided, refused } from "./records.ts";
import type { PolicyCode } from "./refusal.ts";
import { familyWorth } from "./reservation.ts";
import { type PolicyState, type Waiting, without } from "./state.ts";
import { tripRules } from "./trip.ts";
import { issue, type Reached, rejected } from "./verdict.ts";
import type { PolicyView, SeenQuote } from "./view.ts";

/**
 * A bad signature, or one that does not count, leaves the order waiting: nobody loses an order to a stranger. A no ends it; enough
 * persons' yes releases it, and then everything is checked again, with the book and the market as they are now.
 */
export function decideApproval(
  state: PolicyState,
  { approval: signed, shown }: ApprovalDecision,
  sender: string,
  context: Context<PolicyView>,
  config: PolicyConfig,
): Reached {
  if (signed === undefined && shown !== undefined) return { state: noteShown(state, shown, sender), effects: [] };
  const said = signed?.payload === undefined ? undefined : readApproval(signed.payload);
  const subject = said?.approvalId ?? context.cause.msgId;
  const refuse = (code: string, text: string): Reached => {
    // Whose word does not count was shown the order all the same.
    const seen = noteShown(state, subject, sender);
    return { state: seen, effects: [refused(subject, { code, text }, { sender, type: "approval.decision" })] };
  };
  if (signed === undefined || said === undefined) return refuse("APPROVAL_MALFORMED", "it is no approval");
  const waiting = state.waiting[said.approvalId];
  if (waiting === undefined) return refuse("APPROVAL_UNKNOWN", "nothing waits for this approval");
  if (!(context.nowMs < waiting.expiresAtMs)) return refuse("APPROVAL_EXPIRED", "the order has waited for too long");
  if (waiting.epoch !== context.fence.epoch) return refuse("APPROVAL_OLD_EPOCH", "the order is of another epoch");
  const order = orderOf(waiting);
  const worth = familyWorth(state, order);
  const verdict = checkPersons({ waiting, order, worth }, [signed], 1, context, config);
  if (!verdict.ok && verdict.code === "APPROVAL_REJECTED")
    return end(state, waiting, "APPROVAL_REJECTED", `${said.approver} said no`, config);
  if (!verdict.ok) return refuse(verdict.code, verdict.text);

  const approvals = { ...waiting.approvals, [said.approver]: toBinary(SignedSchema, signed) };
  const all = Object.values(approvals).map((bytes) => fromBinary(SignedSchema, bytes));
  const answered = { ...waiting, approvals };
  const needed = personsNeeded(config.limits, worth);
  const enough = checkPersons({ waiting: answered, order, worth }, all, needed, context, config);
  if (enough.ok) return releaseOrder(state, answered, all, context, config);
  const text = `${said.approver} approved; ${needed} persons are needed`;
  return {
    state: { ...state, waiting: { ...state.waiting, [waiting.approvalId]: answered } },
    effects: [decided(waiting.intentKey, "APPROVED_IN_PART", text)],
  };
}

/**
 * The timer that was set when the person was asked. That nobody answered is the persons' affair; that nobody was shown it is the platform's.
 * A replay shows it on its own terminal, and says nothing of that.
 */
export function expireApproval(state: PolicyState, approvalId: string, config: PolicyConfig): Reached {
  const waiting = state.waiting[approvalId];
  if (waiting === undefined) return { state, effects: [] };
  const ended = end(state, waiting, "APPROVAL_EXPIRED", "nobody answered in time", config);
  const isSeen = config.mode === "replay" || waiting.shownTo !== undefined || Object.keys(waiting.approvals).length > 0;
  if (isSeen) return ended;
  const text = `the order ${waiting.intentKey} waited for a person, and was shown to nobody: is ./countersign approvals --watch open?`;
  return { ...ended, effects: [...ended.effects, alert("ASK_NOT_SHOWN", text)] };
}

/** Who was shown an order that waits. It is no word about it, and of what does not wait it means nothing. */
function noteShown(state: PolicyState, approvalId: string, person: string): PolicyState {
  const waiting = state.waiting[approvalId];
  if (waiting === undefined || waiting.shownTo?.includes(person) === true) return state;
  const shownTo = [...(waiting.shownTo ?? []), person];
  return { ...state, waiting: { ...state.waiting, [approvalId]: { ...waiting, shownTo } } };
}

/** A halt or a resume voids whatever waits: what a person would sign now is another decision. */
export function voidOldEpoch(state: PolicyState, fence: FenceState, config: PolicyConfig): Reached {
  const old = Object.values(state.waiting).filter(({ epoch }) => epoch !== fence.epoch);
  return old.reduce<Reached>(
    (reached, waiting) => {
      const { state: next, effects } = end(
        reached.state,
        waiting,
        "APPROVAL_OLD_EPOCH",
        "the halt epoch has changed",
        config,
      );
      return { state: next, effects: [...reached.effects, ...effects] };
    },
    { state, effects: [] },
  );
}

function releaseOrder(
  before: PolicyState,
  waiting: Waiting,
  signed: readonly Signed[],
  context: Context<PolicyView>,
  config: PolicyConfig,
): Reached {
  const { approvalId, intent, intentKey, cause } = waiting;
  const cancel: Effect = { kind: "cancel-timer", id: approvalTimer(approvalId) };
  const to = { account: config.account, cause };
  const state = { ...before, waiting: without(before.waiting, approvalId) };
  const checked = checkOrder(intent, state, context, config);
  const tripped = tripRules(state, checked, context.fence, config);
  if (!checked.ok) {
    return { state: tripped.state, effects: [rejected(intent, intentKey, checked, to), cancel, ...tripped.effects] };
  }
  const { judged } = checked;
  const drift = driftOf(judged.scene.order, judged.scene.view.symbols.get(judged.scene.order.symbol)?.quote);
  if (drift !== undefined) {
    const why = { code: "PRICE_DRIFT", explanation: drift, judged } as const;
    return { state: tripped.state, effects: [rejected(intent, intentKey, why, to), cancel, ...tripped.effects] };
  }
  const scene = { ...judged.scene, state: tripped.state };
  const reached = issue(intent, { ...judged, scene }, { ids: [approvalId], signed }, context, to);
  return { state: reached.state, effects: [...reached.effects, cancel, ...tripped.effects] };
}

function checkPersons(
  { waiting, order, worth }: { readonly waiting: Waiting; readonly order: Order; readonly worth: Money },
  approvals: readonly Signed[],
  needed: number,
  { nowMs, fence }: Context<PolicyView>,
  { keys, mode }: PolicyConfig,
) {
  const asked = { order, intentDigest: intentDigest(waiting.intent), notional: worth };
  return checkApprovals({ keys, mode: modes.toWire(mode), nowMs, fence, approvals, needed, ...asked });
}

function orderOf({ intent }: Waiting): Order {
  const made = orderFromIntent(intent);
  if (!made.ok) throw new Error("broken invariant: what waits for a person makes an order");
  return made.order;
}

/** Undefined when the order would still trade inside the band that the person signed. */
function driftOf({ symbol, side, bandLow, bandHigh }: Order, quote: SeenQuote | undefined): string | undefined {
  if (quote === undefined) return `no price of ${symbol} is known`;
  const touch = side === "BUY" ? quote.ask : quote.bid;
  const inside = compare(touch, bandLow) >= 0 && compare(touch, bandHigh) <= 0;
  return inside ? undefined : `${symbol} is outside the band that the person approved`;
}

function end(
  state: PolicyState,
  waiting: Waiting,
  code: PolicyCode,
  explanation: string,
  { account }: PolicyConfig,
): Reached {
  const { approvalId, intent, intentKey, cause } = waiting;
  return {
    state: { ...state, waiting: without(state.waiting, approvalId) },
    effects: [
      rejected(intent, intentKey, { code, explanation, judged: undefined }, { account, cause }),
      { kind: "cancel-timer", id: approvalTimer(approvalId) },
    ],
  };
}
