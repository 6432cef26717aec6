/** Orders whose permit is none, not theirs, or not any more: by who has every key but Policy's. */
import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { KeyPurpose, Mode, Side, type Signed, SignedSchema, SubmitOrderSchema } from "@countersign/contracts";
import { signApproval } from "@countersign/permit";
import type { Attempt } from "./attempt.ts";
import { forge, type IntentFields, LARGE, permitIn, STOP, type Wanted, wanted, wordOf, yesOf } from "./orders.ts";
import { MALLORY, STOLEN, type Thief } from "./thief.ts";

const MISSING = "PERMIT_MISSING at accept";
const FORGED = "PERMIT_FORGED at accept";
const OTHER = "PERMIT_OTHER_INTENT at accept";

export const permits: readonly Attempt[] = [
  { name: "an order without a permit", expected: MISSING, go: (thief) => bare(thief, wanted(thief)) },
  {
    name: "a stop without a permit",
    expected: MISSING,
    go: (thief) => bare(thief, wanted(thief, STOP)),
  },
  {
    name: "a hedge without a permit, from the Hedger",
    expected: MISSING,
    go: (thief) => bare(thief, wanted(thief, { proposer: "hedger", side: Side.SELL }), "hedger"),
  },
  {
    name: "an order that says it flattens",
    expected: MISSING,
    go: (thief) => bare(thief, wanted(thief, { proposer: "hedger", side: Side.SELL, reduceOnly: true }), "hedger"),
  },
  {
    name: "a large order without a permit that a stolen approver's key approves",
    expected: MISSING,
    go: async (thief) => {
      const order = wanted(thief, { quantity: LARGE });
      return bare(thief, order, "portfolio", [yesOf(thief, order.intent)]);
    },
  },
  ...keys().map(([sender, what, purpose]) => ({
    name: `a permit signed by ${sender}'s key for ${what}`,
    expected: FORGED,
    go: async (thief: Thief) => {
      const { intent, key } = wanted(thief);
      const like = await thief.permitted(wanted(thief).intent);
      return thief.submit({ ...like, intent, permit: forge(intent, thief.signer(sender, purpose), like) }, key);
    },
  })),
  {
    name: "Policy's permit, with an hour more on it",
    expected: FORGED,
    go: async (thief) => {
      const { intent, key } = wanted(thief);
      const honest = await thief.permitted(intent);
      const longer = forge(intent, thief.signer("portfolio"), honest, { expiresAtMs: Date.now() + 3_600_000 });
      // His bytes, Policy's signature.
      const permit = create(SignedSchema, { ...honest.permit!, ...longer, signatures: honest.permit!.signatures });
      return thief.submit({ ...honest, permit }, key);
    },
  },
  {
    name: "Policy's permit under ten times the quantity",
    expected: OTHER,
    go: altered({ quantity: { units: 100_000n, scale: 0 } }),
  },
  { name: "Policy's permit under a sale", expected: OTHER, go: altered({ side: Side.SELL }) },
  {
    name: "Policy's permit under another price",
    expected: OTHER,
    go: altered({ limitPrice: { units: 150_000n, scale: 5 } }),
  },
  { name: "Policy's permit under another symbol", expected: OTHER, go: altered({ symbol: "XAUUSD" }) },
  { name: "Policy's permit for the live market", expected: "WRONG_MODE at accept", go: altered({ mode: Mode.LIVE }) },
  {
    name: "Policy's permit for another account",
    expected: "WRONG_ACCOUNT at accept",
    go: altered({ account: "other" }),
  },
  {
    name: "Portfolio's permitted order, sent by the Hedger",
    expected: "NOT_PROPOSER at accept",
    go: async (thief) => {
      const { intent, key } = wanted(thief);
      return thief.submit(await thief.permitted(intent), key, "hedger");
    },
  },
  {
    name: "Portfolio asks for an order of the Hedger's",
    expected: "NOT_THE_PROPOSER at policy",
    go: async (thief) => {
      const said = await thief.ask(wanted(thief, { proposer: "hedger" }).intent);
      return typeof said === "string" ? said : "a permit";
    },
  },
  {
    name: "a permitted order, once more after it is over",
    expected: "DUPLICATE_ORDER at accept",
    go: async (thief) => {
      const { intent, key } = wanted(thief);
      const honest = await thief.permitted(intent);
      await thief.submit(honest, key);
      return thief.submit(honest, key);
    },
  },
  {
    name: "an approved order, without the approval",
    expected: "APPROVAL_MISSING at accept",
    go: async (thief, ground) => {
      const { submit, key } = await ground.approved(thief);
      return thief.submit({ ...submit, approvals: [] }, key);
    },
  },
  {
    name: "an approved order, with Portfolio's signature for the person's",
    expected: "APPROVAL_FORGED at accept",
    go: async (thief, ground) => {
      const { submit, key } = await ground.approved(thief);
      const said = submit.approvals.map(wordOf);
      const approvals = said.map((word) => signApproval(word, thief.signer("portfolio")));
      return thief.submit({ ...submit, approvals }, key);
    },
  },
];

/** Those that need time, a halt or a restart. */
export const slowPermits: readonly Attempt[] = [
  {
    name: "Policy's permit after its time",
    expected: "PERMIT_EXPIRED at accept",
    go: async (thief) => {
      const { intent, key } = wanted(thief);
      const honest = await thief.permitted(intent);
      const { expiresAtMs } = permitIn(honest);
      await wait(expiresAtMs - Date.now());
      return thief.submit(honest, key);
    },
  },
  {
    name: "a permitted order in a halt",
    expected: "HALTED at accept",
    marks: ["P03.halt", "P03.gate-latch"],
    go: async (thief, ground) => {
      const { intent, key } = wanted(thief);
      const honest = await thief.permitted(intent);
      await ground.halt();
      const said = await thief.submit(honest, key);
      await ground.resume(thief);
      return said;
    },
  },
  {
    name: "a permit from before a halt, after the resume",
    expected: "PERMIT_OLD_EPOCH at accept",
    go: async (thief, ground) => {
      const { intent, key } = wanted(thief);
      const honest = await thief.permitted(intent);
      await ground.halt();
      await ground.resume(thief);
      return thief.submit(honest, key);
    },
  },
  {
    name: "a permitted order, again and again while Execution is killed around it",
    expected: "at most once at the venue",
    go: async (thief, ground) => {
      let most = 0;
      for (const afterMs of [0, 10, 40]) {
        const { intent, key } = wanted(thief);
        const honest = await thief.permitted(intent);
        const before = thief.orders();
        await thief.sendOnly(honest);
        await wait(afterMs);
        await ground.restart("execution");
        await thief.submit(honest, key);
        most = Math.max(most, thief.orders() - before);
      }
      return most > 1 ? `${most} times at the venue` : "at most once at the venue";
    },
  },
];

/** A real permit, under an intent of which something was changed. */
function altered(fields: IntentFields): Attempt["go"] {
  return async (thief) => {
    const base = { intentKey: thief.unique(), decidedAtMs: BigInt(Date.now()) };
    const honest = await thief.permitted(wanted(thief, base).intent);
    const { intent } = wanted(thief, { ...base, ...fields });
    return thief.submit({ ...honest, intent }, base.intentKey);
  };
}

/** Every key he has, and what it is for. */
function keys(): readonly (readonly [sender: string, what: string, purpose: KeyPurpose])[] {
  return [
    ...STOLEN.map((sender) => [sender, "envelopes", KeyPurpose.ENVELOPE] as const),
    ["compliance", "checkpoints", KeyPurpose.CHECKPOINT],
    ["validator-1", "votes", KeyPurpose.VOTE],
    [MALLORY, "approvals", KeyPurpose.APPROVAL],
  ];
}

function bare(thief: Thief, { intent, key }: Wanted, sender = "portfolio", approvals: Signed[] = []): Promise<string> {
  return thief.submit(create(SubmitOrderSchema, { intent, approvals }), key, sender);
}
