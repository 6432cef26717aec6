import type { ValidateRequest } from "@countersign/contracts";
import { orderFromIntent } from "@countersign/orders";
import type { Context } from "@countersign/runtime";
import { type Checked, checkOrder } from "./check.ts";
import type { PolicyConfig } from "./config.ts";
import type { PolicyState } from "./state.ts";
import { tripRules } from "./trip.ts";
import { escalate, issue, type Reached, rejected } from "./verdict.ts";
import type { PolicyView } from "./view.ts";

/** PolicyService.Validate: one order, judged. The answer is the record. */
export function validate(
  state: PolicyState,
  request: ValidateRequest,
  sender: string,
  context: Context<PolicyView>,
  config: PolicyConfig,
): Reached {
  const intent = request.intent ?? new Uint8Array();
  const to = { account: config.account, reply: true } as const;
  const checked = checkProposal(state, intent, sender, context, config);
  const tripped = tripRules(state, checked, context.fence, config);
  if (!checked.ok) {
    const verdict = rejected(intent, intentKeyOf(intent), checked, to);
    return { state: tripped.state, effects: [verdict, ...tripped.effects] };
  }
  // A rule that halts may trip here too: a reduction passes it.
  const { judged } = checked;
  const scene = { ...judged.scene, state: tripped.state };
  const reached =
    judged.judgement.escalate.length > 0
      ? escalate(intent, { ...judged, scene }, context, to)
      : issue(intent, { ...judged, scene }, { ids: [], signed: [] }, context, to);
  return { state: reached.state, effects: [...reached.effects, ...tripped.effects] };
}

function checkProposal(
  state: PolicyState,
  intent: Uint8Array,
  sender: string,
  context: Context<PolicyView>,
  config: PolicyConfig,
): Checked {
  const made = orderFromIntent(intent);
  const refuse = (
    code: "NOT_THE_PROPOSER" | "INTENT_REPEATED" | "PROPOSER_IS_PRINCIPAL",
    explanation: string,
  ): Checked => {
    return { ok: false, code, explanation, judged: undefined };
  };
  if (made.ok) {
    const { proposer, intentKey } = made.order;
    if (proposer !== sender) return refuse("NOT_THE_PROPOSER", `${sender} asks for an order of ${proposer}`); // P01.policy-proposer
    const waits = Object.values(state.waiting).some((waiting) => waiting.intentKey === intentKey);
    if (waits || state.orders[intentKey] !== undefined)
      return refuse("INTENT_REPEATED", "the intent is permitted, or waits for a person, already");
  }
  const checked = checkOrder(intent, state, context, config);
  if (!checked.ok || !made.ok || checked.judged.judgement.escalate.length === 0) return checked;
  if (made.order.proposer === made.order.principal)
    return refuse("PROPOSER_IS_PRINCIPAL", "a person is needed, and proposer and principal are one");
  return checked;
}

function intentKeyOf(intent: Uint8Array): string | undefined {
  const made = orderFromIntent(intent);
  return made.ok ? made.order.intentKey : undefined;
}
