/** Words of persons that do not count: by who has Policy's key and an approver's, and has taken the approver's place too. */
import { create, toBinary } from "@bufbuild/protobuf";
import { ApprovalDecisionSchema, Decision, type Signed } from "@countersign/contracts";
import { type Approval, signApproval } from "@countersign/permit";
import type { Attempt } from "./attempt.ts";
import type { Ground } from "./ground.ts";
import { type IntentFields, LARGE, send, wanted, wordOf, yesOf } from "./orders.ts";
import { MALLORY, type Thief } from "./thief.ts";

const TOPIC = "approvals.decision.v1";
const TYPE = "approval.decision";

/** At Execution, each with a permit that Policy's key has signed. */
export const approvals: readonly Attempt[] = [
  counted(
    "APPROVER_AMOUNT",
    "an order above the ceiling, and above what its approver may approve",
    {},
    { quantity: LARGE },
  ),
  counted("APPROVAL_EXPIRED", "an approval whose time is over", { expiresAtMs: Date.parse("2024-01-01T00:00:00Z") }),
  counted("APPROVAL_OLD_EPOCH", "an approval of another epoch", { haltEpoch: 0n }),
  counted("APPROVAL_OTHER_INTENT", "an approval of another order", { intentDigest: new Uint8Array(32) }),
  counted("APPROVAL_REJECTED", "a no for a yes", { decision: Decision.REJECT }),
  counted("APPROVAL_MALFORMED", "an approval in another person's name", { approver: "person:you" }),
  counted("APPROVER_IS_PRINCIPAL", "an approval of one's own wish", {}, { principal: MALLORY }),
  counted("PROPOSER_IS_PRINCIPAL", "an approval of what an agent wants for itself", {}, { principal: "portfolio" }),
  {
    name: "one person's approval twice",
    expected: "APPROVERS_NOT_DISTINCT at accept",
    go: (thief, ground) => submit(thief, ground, {}, {}, 2),
  },
];

/** At Policy, on the topic of such words. */
export const words: readonly Attempt[] = [
  {
    name: "an approval that an agent says",
    expected: "NOT_ALLOWED at pipeline",
    go: async (thief) => {
      const approval = yesOf(thief, wanted(thief).intent);
      const payload = toBinary(ApprovalDecisionSchema, decision(thief, approval));
      const body = { sender: "portfolio", topic: TOPIC, key: thief.account, type: TYPE, payload };
      return thief.throwIn(TOPIC, thief.seal(body, thief.signer("portfolio")));
    },
  },
  {
    name: "an approval that an agent has signed",
    expected: "APPROVAL_FORGED at policy",
    go: async (thief, ground) => {
      const { approvalId, intent } = await ground.asked(thief);
      const word = { ...wordOf(yesOf(thief, intent)), approvalId };
      return say(thief, approvalId, signApproval(word, thief.signer("portfolio")));
    },
  },
  {
    name: "an approval by a person whose amount does not reach",
    expected: "APPROVER_AMOUNT at policy",
    go: async (thief, ground) => {
      const { approvalId, intent } = await ground.asked(thief);
      return say(thief, approvalId, yesOf(thief, intent, { approvalId }));
    },
  },
  {
    name: "an approval that was used",
    expected: "APPROVAL_UNKNOWN at policy",
    go: async (thief, ground) => {
      const { submit } = await ground.approved(thief);
      const [used] = submit.approvals;
      if (used === undefined) throw new Error("an approved order without its approval");
      return say(thief, wordOf(used).approvalId, used);
    },
  },
];

/** An order that this word of Mallory's travels with, refused for `code`. */
function counted(code: string, name: string, word: Partial<Approval>, fields: IntentFields = {}): Attempt {
  return { name, expected: `${code} at accept`, go: (thief, ground) => submit(thief, ground, word, fields) };
}

function submit(thief: Thief, ground: Ground, word: Partial<Approval>, fields: IntentFields, times = 1) {
  const order = wanted(thief, fields);
  const approvals = Array.from({ length: times }, () => yesOf(thief, order.intent, word));
  return send(thief, ground.policysKey(), order, { approvals });
}

/** Mallory says it, in his own chain; what Policy makes of it. */
function say(thief: Thief, approvalId: string, approval: Signed): Promise<string> {
  const payload = decision(thief, approval);
  return thief.outcome(approvalId, () => thief.say(MALLORY, { topic: TOPIC, type: TYPE, payload }), "policy");
}

function decision(thief: Thief, approval: Signed) {
  return create(ApprovalDecisionSchema, { approval, account: thief.account, reason: "because I may" });
}
