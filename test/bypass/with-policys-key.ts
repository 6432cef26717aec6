/** Orders under permits that Policy's own, stolen key has signed: by who has every key but a person's. */
import { Mode, Side } from "@countersign/contracts";
import { type Permit, signApproval } from "@countersign/permit";
import type { Attempt } from "./attempt.ts";
import { type IntentFields, LARGE, permitIn, STOP, send, wanted, wordOf } from "./orders.ts";
import { THROUGH } from "./thief.ts";

const ABOVE = "APPROVAL_MISSING at accept";

export const withPolicysKey: readonly Attempt[] = [
  { name: "an order above the ceiling", expected: ABOVE, go: forged({ quantity: LARGE }) },
  {
    name: "an order above the ceiling, a stop",
    expected: ABOVE,
    go: forged({ ...STOP, quantity: LARGE }),
  },
  {
    name: "an order above the ceiling in two parts",
    expected: ABOVE,
    go: async (thief, ground) => {
      const half = { quantity: { units: LARGE.units / 2n, scale: 0 }, parent: thief.unique() };
      await forged(half)(thief, ground);
      return forged(half)(thief, ground);
    },
  },
  {
    name: "an order above the ceiling, with Portfolio's signature for a person's",
    expected: "APPROVAL_FORGED at accept",
    go: async (thief, ground) => {
      const approved = await ground.approved(thief);
      const order = wanted(thief, { quantity: LARGE });
      const approvals = approved.submit.approvals.map((one) => signApproval(wordOf(one), thief.signer("portfolio")));
      return send(thief, ground.policysKey(), order, { like: approved.submit, approvals });
    },
  },
  {
    name: "an order above the ceiling, with a person's yes to another",
    expected: "APPROVAL_OTHER_INTENT at accept",
    go: async (thief, ground) => {
      const { submit } = await ground.approved(thief);
      const order = wanted(thief, { quantity: LARGE });
      return send(thief, ground.policysKey(), order, { like: submit, approvals: submit.approvals });
    },
  },
  {
    name: "an order above the ceiling, with the person's no",
    expected: "APPROVAL_REJECTED at accept",
    go: async (thief, ground) => {
      const { no, ...order } = await ground.rejected(thief);
      return send(thief, ground.policysKey(), order, { approvals: [no] });
    },
  },
  {
    name: "a permit that names an approval, without it",
    expected: ABOVE,
    go: forged({}, () => ({ approvalIds: ["somebody's"] })),
  },
  {
    name: "a second order under a permit's id",
    expected: "PERMIT_SPENT at accept",
    go: async (thief, ground) => {
      const first = wanted(thief);
      const honest = await thief.permitted(first.intent);
      await thief.submit(honest, first.key);
      const { permitId } = permitIn(honest);
      return send(thief, ground.policysKey(), wanted(thief), { like: honest, fields: { permitId } });
    },
  },
  {
    name: "a permit of the epoch before",
    expected: "PERMIT_OLD_EPOCH at accept",
    go: forged({}, ({ haltEpoch }) => ({ haltEpoch: haltEpoch - 1n })),
  },
  {
    name: "a permit of an epoch to come",
    expected: "PERMIT_OLD_EPOCH at accept",
    go: forged({}, ({ haltEpoch }) => ({ haltEpoch: haltEpoch + 1n })),
  },
  {
    name: "a permit whose time is over",
    expected: "PERMIT_EXPIRED at accept",
    go: forged({}, () => ({ expiresAtMs: Date.now() - 1 })),
  },
  { name: "an order for the live market", expected: "WRONG_MODE at accept", go: forged({ mode: Mode.LIVE }) },
  { name: "an order of a replay", expected: "WRONG_MODE at accept", go: forged({ mode: Mode.REPLAY }) },
  { name: "an order for another account", expected: "WRONG_ACCOUNT at accept", go: forged({ account: "other" }) },
  { name: "an order for another venue", expected: "WRONG_VENUE at gate", go: forged({ venue: "elsewhere" }) },
  {
    name: "an order of the Hedger's, sent by Portfolio",
    expected: "NOT_PROPOSER at accept",
    go: forged({ proposer: "hedger", side: Side.SELL }),
  },
];

/** What he can do then, until the key is revoked: docs/threat-model.md, "not answered". */
export const belowTheCeiling: Attempt = { name: "an order below the ceiling", expected: THROUGH, go: forged() };

/** The founder gives Policy another key, and takes the stolen one away. */
export const afterRevocation: Attempt = {
  name: "the same, once Policy has another key and the old one is revoked",
  expected: "PERMIT_KEY_REVOKED at accept",
  go: async (thief, ground) => {
    const stolen = ground.policysKey();
    await ground.rotatePolicy(thief);
    return send(thief, stolen, wanted(thief));
  },
};

/** An order with these fields under a forged permit with those. */
function forged(fields: IntentFields = {}, permit: (honest: Permit) => Partial<Permit> = () => ({})): Attempt["go"] {
  return async (thief, ground) => {
    const like = await thief.permitted(wanted(thief).intent);
    return send(thief, ground.policysKey(), wanted(thief, fields), { like, fields: permit(permitIn(like)) });
  };
}
