/**
 * P01 No order without a permit.
 *
 * An order is made from the intent's bytes by one pure function. Directly before the write the gate hashes those bytes, makes the order
 * once more, refuses unless it equals field by field what the adapter will write, and verifies the permit: Policy's key, unexpired,
 * unused, epoch equal to the fence's. Above the ceiling in Execution's own configuration, counted over all children of one parent, it
 * demands the humans' approvals whatever Policy says. No topic, route, tool, stop, hedge or admin path goes round it; a stolen Policy key
 * cannot place an order above the ceiling.
 */
import { Decision, KeyPurpose, Mode, type PermitIssued, type SubmitOrder } from "@countersign/contracts";
import { type Order, parseMoney, quantity } from "@countersign/orders";
import { intentDigest, issuePermit, readPermit } from "@countersign/permit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  approvalOf,
  EPOCH,
  type IntentFields,
  instruments,
  intentOf,
  keysWithout,
  NOW_MS,
  orderOf,
  permitFor,
} from "../../agents/execution/test/world.ts";
import { grantKey, openScene, refusedAtGate, type Scene, sendThroughGate, written } from "./support/gate.ts";
import { changedIntents, changedOrders } from "./support/p01-changes.ts";
import { Floor, submitOf } from "./support/p01-floor.ts";

const small = intentOf();
/** 190,000 USD: above the ceiling of 100,000. */
const large = intentOf({ intentKey: "large", quantity: { units: 1_000n, scale: 0 } });
const first = intentOf({ intentKey: "first" });
const elsewhere = intentOf({ venue: "elsewhere" });
grantKey("robot", { purpose: KeyPurpose.APPROVAL });

const gate: readonly (readonly [mark: string, what: string, code: string, scene: Scene])[] = [
  ["P01.order", "an adapter that would write another quantity", "ORDER_ALTERED", { adapter: larger }],
  ["P01.mode", "an order for another mode", "WRONG_MODE", { intent: intentOf({ mode: Mode.REPLAY }) }],
  ["P01.permit", "an order without a permit", "PERMIT_MISSING", { permit: null }],
  ["P01.permit-key", "a permit of the Hedger's key", "PERMIT_FORGED", { permit: permitFor(small, {}, "hedger") }],
  ["P01.permit-key", "a permit of nobody's key", "PERMIT_FORGED", { permit: permitFor(small, {}, "thief") }],
  [
    "P01.permit-revoked",
    "a permit of a key that was taken away from Policy",
    "PERMIT_KEY_REVOKED",
    { config: { keys: keysWithout("policy", "compromised") } },
  ],
  ["P01.digest", "the permit of a larger order", "PERMIT_OTHER_INTENT", { permit: permitFor(large) }],
  [
    "P01.expired",
    "a permit whose time is over",
    "PERMIT_EXPIRED",
    { permit: permitFor(small, { expiresAtMs: NOW_MS }) },
  ],
  [
    "P01.spent",
    "a permit that another order was written under",
    "PERMIT_SPENT",
    {
      permit: permitFor(small, { permitId: "one" }),
      before: { intent: first, permit: permitFor(first, { permitId: "one" }) },
    },
  ],
  [
    "P01.epoch",
    "a permit of the epoch before",
    "PERMIT_OLD_EPOCH",
    { permit: permitFor(small, { haltEpoch: EPOCH - 1n }) },
  ],
  [
    "P01.epoch",
    "a permit of an epoch to come",
    "PERMIT_OLD_EPOCH",
    { permit: permitFor(small, { haltEpoch: EPOCH + 1n }) },
  ],
  [
    "P01.approvals-named",
    "a permit whose approval did not come with it",
    "APPROVAL_MISSING",
    { permit: permitFor(small, { approvalIds: ["request-1"] }) },
  ],
  ["P01.approvals", "an order above the ceiling that nobody approved", "APPROVAL_MISSING", { intent: large }],
  [
    "P01.approval-key",
    "an approval by a key that is no person's",
    "APPROVAL_FORGED",
    { intent: large, approvals: [approvalOf(large, "robot")] },
  ],
  [
    "P01.approval-key",
    "an approval in Ann's name by a key of nobody's",
    "APPROVAL_FORGED",
    { intent: large, approvals: [approvalOf(large, "person:ann", {}, "thief")] },
  ],
  [
    "P01.approval-digest",
    "an approval of another order",
    "APPROVAL_OTHER_INTENT",
    { intent: large, approvals: [approvalOf(small, "person:ann")] },
  ],
  [
    "P01.approval-decision",
    "a person's no",
    "APPROVAL_REJECTED",
    { intent: large, approvals: [approvalOf(large, "person:ann", { decision: Decision.REJECT })] },
  ],
  [
    "P01.written",
    "an order that was written before, under a permit of its own",
    "ALREADY_WRITTEN",
    { before: { permit: permitFor(small, { permitId: "another" }) } },
  ],
  ["P01.account", "an order for another account", "WRONG_ACCOUNT", { intent: intentOf({ account: "other" }) }],
  ["P01.venue", "an order for another venue", "WRONG_VENUE", { intent: elsewhere }],
];

describe("at the venue gate", () => {
  for (const [mark, what, code, scene] of gate)
    it(`${mark}: ${what} is refused ${code} at the gate`, () => {
      expect(sendThroughGate(scene)).toEqual(refusedAtGate(code));
    });

  it("a permitted order is written, once", () => {
    const { send } = openScene();
    expect(send()).toEqual(written);
    expect(send()).toEqual(refusedAtGate("ALREADY_WRITTEN"));
  });

  it("a large order is written with a person's approval", () => {
    const permit = permitFor(large, { approvalIds: ["request-1"] });
    const ann = approvalOf(large, "person:ann");
    expect(sendThroughGate({ intent: large, permit, approvals: [ann] })).toEqual(written);
    expect(sendThroughGate({ intent: large, permit: permitFor(large), approvals: [ann] })).toEqual(written);
  });

  it("whatever Policy's key has signed, nothing passes above the ceiling without the persons", () => {
    const units = fc.bigInt(527n, 1_000_000n);
    const permits = fc.record({ approvalIds: fc.array(fc.string({ minLength: 1 })), permitId: fc.uuid() });
    fc.assert(
      fc.property(units, permits, fc.boolean(), (size, fields, isChild) => {
        const intent = intentOf({ quantity: { units: size, scale: 0 }, parent: isChild ? "parent" : "intent-1" });
        const said = sendThroughGate({ intent, permit: permitFor(intent, fields) });
        expect(said).toEqual(refusedAtGate("APPROVAL_MISSING"));
      }),
      { numRuns: 100 },
    );
    // 526 × 190.00 is 99,940: the last that needs nobody.
    expect(sendThroughGate({ intent: intentOf({ quantity: { units: 526n, scale: 0 } }) })).toEqual(written);
  });

  it("an order of which the adapter would change anything is refused, whatever it changes", () => {
    const order = orderOf(small);
    fc.assert(
      fc.property(changedOrders(order), (changed) => {
        const said = sendThroughGate({ adapter: () => changed });
        expect(said).toEqual(refusedAtGate(codeOf(order, changed)));
      }),
      { numRuns: 300 },
    );
  });

  it("an intent of which one field was changed is refused, also with the order that it makes", () => {
    fc.assert(
      fc.property(changedIntents(), (fields) => {
        const intent = intentOf(fields);
        const scene: Scene = { intent, permit: permitFor(small) };
        const sent = orderOf(intent);
        expect(Buffer.compare(intent, small)).not.toBe(0);
        const wrong = codeOf(orderOf(small), sent);
        const code = wrong === "ORDER_ALTERED" ? "PERMIT_OTHER_INTENT" : wrong;
        expect(sendThroughGate(scene)).toEqual(refusedAtGate(fields.mode === undefined ? code : "WRONG_MODE"));
        // The order that was permitted, with another intent as its evidence.
        const before = sendThroughGate({ ...scene, send: { order: orderOf(small) } });
        expect(before).toMatchObject({ ok: false, place: "gate", writes: 0 });
      }),
      { numRuns: 300 },
    );
  });
});

describe("where orders are accepted", () => {
  it("P01.accept-claim: a second order under one permit id is refused PERMIT_SPENT at accept", async () => {
    const floor = await Floor.open();
    const one = await floor.permit(ask({ intentKey: "one" }));
    await floor.submit(one);
    await floor.submit(forge(floor, one, ask({ intentKey: "two" })));
    expect(floor.count("order.accepted")).toBe(1);
    expect(floor.last("decision.refused")).toMatchObject({
      sender: "execution",
      payload: { subject: "two", code: "PERMIT_SPENT", place: "accept" },
    });
    expect(floor.heard.some(({ type, payload }) => type === "order.reported" && "code" in payload)).toBe(false);
  });

  it("P01.accept-proposer: another's order is refused NOT_PROPOSER at accept, and stays the proposer's to send", async () => {
    const floor = await Floor.open();
    const submit = await floor.permit(ask());
    await floor.submit(submit, "hedger");
    expect(floor.last("decision.refused")).toMatchObject({
      sender: "execution",
      payload: { subject: "intent-1", code: "NOT_PROPOSER", place: "accept", sender: "hedger" },
    });
    expect(floor.count("order.accepted")).toBe(0);
    await floor.submit(submit);
    expect(floor.count("order.accepted")).toBe(1);
  });

  it("P01.policy-proposer: an order asked for in another's name is refused NOT_THE_PROPOSER at policy", async () => {
    const floor = await Floor.open();
    expect(await floor.propose(ask(), "hedger")).toMatchObject({
      type: "order.rejected",
      sender: "policy",
      payload: { code: "NOT_THE_PROPOSER" },
    });
    expect(floor.count("permit.issued")).toBe(0);
  });

  it("a stolen Policy key places no order above the ceiling", async () => {
    const floor = await Floor.open();
    const permitted = await floor.permit(ask({ intentKey: "one" }));
    await floor.submit(
      forge(floor, permitted, ask({ intentKey: "two", quantity: { units: 500n, scale: 0 } }), "new id"),
    );
    expect(floor.last("order.reported")).toMatchObject({
      sender: "execution",
      payload: { intentKey: "two", code: "APPROVAL_MISSING", place: "accept" },
    });
    expect(floor.count("order.accepted")).toBe(0);
  });

  it("small children of one parent count together, over a restart too", async () => {
    const before = await Floor.open();
    // 100 × 190.00 each: the ceiling of 45,000 holds two.
    const child = (intentKey: string) => ask({ intentKey, parent: "whole" });
    const one = await before.permit(child("one"));
    await before.submit(one);
    const floor = await before.restart();
    for (const key of ["two", "three"]) await floor.submit(forge(floor, one, child(key), key));
    expect(floor.count("order.accepted")).toBe(1);
    expect(floor.last("order.reported")).toMatchObject({
      payload: { intentKey: "three", code: "APPROVAL_MISSING", place: "accept" },
    });
    // The same orders with a parent each are small.
    await floor.submit(forge(floor, one, ask({ intentKey: "four" }), "four"));
    expect(floor.count("order.accepted")).toBe(2);
  });

  it("children count together at the gate, by what its own core says of the others", () => {
    const at = (siblings: string) => sendThroughGate({ send: { siblings: parseMoney(siblings, "USD") } });
    expect(at("81000.00")).toEqual(written);
    expect(at("81000.01")).toEqual(refusedAtGate("APPROVAL_MISSING"));
  });
});

describe("in the whole platform", () => {
  it("every attempt of an intruder who holds Portfolio's key is refused by its code, at its place", async () => {
    // Loaded here: the proof of a mark does not need the whole platform.
    const { attackEmbedded } = await import("./support/p01-attack.ts");
    const { report, said, before, after } = await attackEmbedded();
    expect(report.through).toEqual([]);
    expect(report.refused).toBe(report.tried);
    expect(report.tried).toBeGreaterThanOrEqual(13);
    expect(said).toContain("execution decision.refused");
    // Nothing came of any of it but refusals: neither an order nor a permit, an entry or a change of Policy's account.
    expect(said.filter((what) => !/^\S+ (decision\.refused|order\.reported)$/.test(what))).toEqual([]);
    expect(after).toEqual(before);
  });
});

/** 100 AAPL at 190.00 or better, for the floor: worth 19,000. */
function ask(fields: IntentFields = {}): Uint8Array {
  return intentOf({ mode: Mode.REPLAY, ...fields });
}

/** The order of this intent under a permit that Policy never issued: its fields are those of a real one, its signature that of the stolen key. */
function forge(floor: Floor, { permit }: SubmitOrder, intent: Uint8Array, permitId?: string): SubmitOrder {
  const real = readPermit(permit?.payload ?? new Uint8Array());
  if (real === undefined) throw new Error("the order has a permit");
  const stolen = floor.firm.keys.signer("policy", KeyPurpose.PERMIT);
  const fields = { ...real, intentDigest: intentDigest(intent), ...(permitId !== undefined && { permitId }) };
  return submitOf({
    $typeName: "countersign.v1.PermitIssued",
    intent,
    permit: issuePermit(fields, stolen),
  } as PermitIssued);
}

function larger(order: Order): Order {
  return { ...order, quantity: quantity(order.quantity.units + 1n, order.quantity.scale) };
}

/** What stands first in the gate's way of an order that differs like this. */
function codeOf(order: Order, changed: Order): string {
  if (changed.account !== order.account) return "WRONG_ACCOUNT";
  if (changed.venue !== order.venue) return "WRONG_VENUE";
  const instrument = instruments.get(changed.symbol);
  if (instrument === undefined) return "NO_INSTRUMENT";
  return instrument.currency === "USD" ? "ORDER_ALTERED" : "WRONG_CURRENCY";
}
