import { toBinary } from "@bufbuild/protobuf";
import { type SubmitOrder, SubmitOrderSchema } from "@countersign/contracts";
import type { EnvelopeBody } from "@countersign/envelope";
import { newOrderState, type Order, orderFromIntent } from "@countersign/orders";
import type { Context, Decision, Effect, PublishEffect } from "@countersign/runtime";
import { act } from "./acts.ts";
import { authoriseOrder, notionalOf } from "./authority.ts";
import type { CoreConfig } from "./config.ts";
import { heldOf } from "./held.ts";
import { countChild, siblingsOf } from "./parents.ts";
import { ACCEPT, accepted, refused, rejected } from "./records.ts";
import { type ExecutionState, withOrder } from "./state.ts";
import { tradingStop } from "./stops.ts";

/**
 * A permitted intent becomes an order, *accepted*: its permit and its client order id are consumed in the transaction that says so.
 *
 * A refusal is said of the order (REJECTED) only by the command that would have made it. A copy of one that exists, or what another
 * than its proposer sends, is refused on the audit record instead: `REJECTED` would end a living order in every reader's books.
 */
export function onSubmit(
  config: CoreConfig,
  state: ExecutionState,
  submit: SubmitOrder,
  { body, context }: { readonly body: EnvelopeBody; readonly context: Context<unknown> },
): Decision<ExecutionState> {
  const deny = (subject: string, code: string, text: string): PublishEffect =>
    refused(subject, { code, place: ACCEPT, text }, body);
  const made = orderFromIntent(submit.intent ?? NOTHING);
  if (!made.ok) return { state, effects: [deny(body.msgId, made.code, made.text)] };
  const { order } = made;
  const { clientOrderId, intentKey } = order;
  const notOurs = foreign(state, order, body);
  if (notOurs !== undefined) return { state, effects: [deny(intentKey, ...notOurs)] };

  const stop = tradingStop(config, state, context);
  if (stop !== undefined) return { state, effects: [rejected(order, stop)] };
  const { nowMs, fence, cause } = context;
  const siblings = siblingsOf(state, order.parent, config.ceiling.notional);
  const held = heldOf(state, order);
  const verdict = authoriseOrder(config, {
    order,
    submit,
    siblings,
    held,
    nowMs,
    fence,
    fenceFresh: fence.silent !== true,
    latches: state.latches,
    // The claim below is the answer, and it holds for every replica.
    isSpent: () => false,
  });
  if (!verdict.ok)
    return { state, effects: [rejected(order, { code: verdict.code, text: verdict.text, place: ACCEPT })] };

  const { permitId } = verdict.permit;
  const counted = countChild(
    state,
    { intentKey, parent: order.parent, notional: notionalOf(order, config.ceiling.notional.currency) },
    nowMs,
  );
  const bytes = toBinary(SubmitOrderSchema, submit);
  const taken = { order, submit: bytes, state: newOrderState(order.quantity), cause: { ...cause }, acceptedMs: nowMs };
  const effects: Effect[] = [];
  effects.push(claim(`permit:${permitId}`, deny(intentKey, "PERMIT_SPENT", "the permit was used before"))); // P01.accept-claim
  effects.push(claim(`order:${clientOrderId}`, deny(intentKey, "DUPLICATE_ORDER", "the order was accepted before")));
  effects.push(accepted(order, submit.intent ?? NOTHING, permitId));
  effects.push(act({ name: "send", data: { order, submit: bytes, siblings, held } }));
  return { state: withOrder(counted, taken), effects };
}

/** Why this command makes nothing of the order it names, whatever its permit says. */
function foreign(state: ExecutionState, order: Order, body: EnvelopeBody): [code: string, text: string] | undefined {
  if (order.proposer !== body.sender) return ["NOT_PROPOSER", `${body.sender} sends an order of ${order.proposer}`]; // P01.accept-proposer
  if (order.account !== state.account) return ["WRONG_ACCOUNT", `an order for ${order.account}`];
  if (order.clientOrderId in state.orders) return ["DUPLICATE_ORDER", "the order was accepted before"];
  return undefined;
}

function claim(id: string, otherwise: PublishEffect): Effect {
  return { kind: "claim", id, otherwise: [otherwise] };
}

const NOTHING = new Uint8Array(0);
