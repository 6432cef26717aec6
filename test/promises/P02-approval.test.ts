/**
 * P02 Nobody approves themselves.
 *
 * Approver, principal and proposer are three; two approvers are two persons. Limits, price drift, expiry and epoch are checked again at
 * release; expired means refused; a new epoch voids what waits.
 */
import { create } from "@bufbuild/protobuf";
import {
  ApprovalDecisionSchema,
  type ApprovalRequest,
  Decision,
  KeyPurpose,
  Mode,
  type Refused,
  Role,
  type Signed,
} from "@countersign/contracts";
import { type Approval, signApproval } from "@countersign/permit";
import { describe, expect, it } from "vitest";
import {
  approvalOf,
  config,
  EPOCH,
  type IntentFields,
  intentOf,
  keysWith,
  keysWithout,
  NOW_MS,
} from "../../agents/execution/test/world.ts";
import { grantKey, refusedAtGate, type Scene, sendThroughGate, written } from "./support/gate.ts";
import { ADA, BOB } from "./support/p01-firm.ts";
import { Floor, submitOf } from "./support/p01-floor.ts";

const ANN = "person:ann";
grantKey("person:bob, second key", { sender: "person:bob", purpose: KeyPurpose.APPROVAL, person: true });

/** 190,000 USD: above the gate's ceiling of 100,000. */
function large(fields: IntentFields = {}): Uint8Array {
  return intentOf({ quantity: { units: 1_000n, scale: 0 }, ...fields });
}

/** A large order with what Ann says of it. */
function approvedByAnn(order: IntentFields, fields: Parameters<typeof approvalOf>[2] = {}, by = ANN): Scene {
  const intent = large(order);
  return { intent, approvals: [approvalOf(intent, ANN, fields, by)] };
}

const two = { config: { ceiling: { ...config.ceiling, persons: 2 } } };
const bobs = [approvalOf(large(), "person:bob"), approvalOf(large(), "person:bob", {}, "person:bob, second key")];

/** Ann's yes to 190,000 USD, where the control log gives Ann this. */
const annIs = (roles: readonly Role[], cents: bigint): Scene => ({
  ...approvedByAnn({}),
  config: { keys: keysWith(ANN, roles, cents) },
});

const gate: readonly (readonly [mark: string, what: string, code: string, scene: Scene])[] = [
  ["P02.signer", "Bob's signature in Ann's name", "APPROVAL_MALFORMED", approvedByAnn({}, {}, "person:bob")],
  ["P02.expired", "a yes whose time is over", "APPROVAL_EXPIRED", approvedByAnn({}, { expiresAtMs: NOW_MS })],
  ["P02.epoch", "a yes of the epoch before", "APPROVAL_OLD_EPOCH", approvedByAnn({}, { haltEpoch: EPOCH - 1n })],
  ["P02.epoch", "a yes of an epoch to come", "APPROVAL_OLD_EPOCH", approvedByAnn({}, { haltEpoch: EPOCH + 1n })],
  ["P02.proposer", "the proposer's own yes", "APPROVER_IS_PROPOSER", approvedByAnn({ proposer: ANN })],
  ["P02.principal", "the principal's own yes", "APPROVER_IS_PRINCIPAL", approvedByAnn({ principal: ANN })],
  [
    "P02.persons",
    "one yes twice",
    "APPROVERS_NOT_DISTINCT",
    { ...two, intent: large(), approvals: [bobs[0]!, bobs[0]!] },
  ],
  ["P02.persons", "one person with two keys", "APPROVERS_NOT_DISTINCT", { ...two, intent: large(), approvals: bobs }],
  ["P02.role", "the yes of who may only look", "APPROVER_ROLE_MISSING", annIs([Role.VIEWER], 200_000_00n)],
  ["P02.role", "the yes of who grants keys", "APPROVER_ROLE_MISSING", annIs([Role.ADMIN], 200_000_00n)],
  ["P02.amount", "a yes to more than Ann may approve", "APPROVER_AMOUNT", annIs([Role.RISK], 189_999_99n)],
  [
    "P02.revoked",
    "a yes with a key that was taken away from Ann",
    "APPROVAL_KEY_REVOKED",
    { ...approvedByAnn({}), config: { keys: keysWithout(ANN) } },
  ],
  ["P02.three", "a proposer who is the principal", "PROPOSER_IS_PRINCIPAL", approvedByAnn({ principal: "portfolio" })],
];

describe("at the venue gate", () => {
  for (const [mark, what, code, scene] of gate)
    it(`${mark}: ${what} is refused ${code} at the gate`, () => {
      expect(sendThroughGate(scene)).toEqual(refusedAtGate(code));
    });

  it("one who is neither proposer nor principal approves; where two are needed, two persons do", () => {
    expect(sendThroughGate(approvedByAnn({}))).toEqual(written);
    const [bob] = bobs;
    const intent = large();
    expect(sendThroughGate({ ...two, intent, approvals: [bob!] })).toEqual(refusedAtGate("APPROVAL_MISSING"));
    expect(sendThroughGate({ ...two, intent, approvals: [bob!, approvalOf(intent, ANN)] })).toEqual(written);
  });
});

/** 250 AAPL at 190.00: worth 47,500. Policy asks a person above 40,000, Execution demands one above 45,000. */
function ask(fields: IntentFields = {}): Uint8Array {
  return intentOf({ mode: Mode.REPLAY, intentKey: "large", quantity: { units: 250n, scale: 0 }, ...fields });
}

/** An order that waits for a person, and what the person is asked. */
async function waiting(floor: Floor, intent = ask()): Promise<ApprovalRequest> {
  const verdict = await floor.propose(intent);
  if (verdict.type !== "order.escalated") throw new Error(`it does not wait: ${verdict.type}`);
  return floor.last("approval.request")?.payload as ApprovalRequest;
}

/** Refused without a word about the order, which waits on. */
function refusedAtPolicy(code: string) {
  return { sender: "policy", payload: { code, place: "policy" } };
}

/** The order is over. */
function rejectedAtPolicy(code: string) {
  return { sender: "policy", payload: { intentKey: "large", code } };
}

describe("at Policy, when it releases what has waited", () => {
  it("roles and amounts of the control log count at release, and a no takes none", async () => {
    const usd = (units: bigint) => ({ units, scale: 2, currency: "USD" });
    const roles = [
      { person: ADA, roles: [Role.ADMIN, Role.APPROVER], approvesUpTo: usd(47_499_99n) },
      { person: BOB, roles: [Role.RISK], approvesUpTo: usd(47_500_00n) },
    ];
    const floor = await Floor.open({ roles, openers: [BOB] });
    await floor.approve(await waiting(floor, ask({ intentKey: "first" })), ADA, { decision: Decision.REJECT });
    expect(floor.last("order.rejected")).toMatchObject({ payload: { intentKey: "first", code: "APPROVAL_REJECTED" } });
    const request = await waiting(floor);
    await floor.approve(request, ADA);
    expect(floor.last("decision.refused")).toMatchObject(refusedAtPolicy("APPROVER_AMOUNT"));
    expect(floor.count("permit.issued")).toBe(0);
    await floor.approve(request, BOB);
    await floor.submit(submitOf(floor.last("permit.issued")?.payload as Parameters<typeof submitOf>[0]));
    expect(floor.last("order.accepted")).toMatchObject({ payload: { intentKey: "large" } });
  });

  it("a person's yes releases the order, and Execution takes it", async () => {
    const floor = await Floor.open();
    await floor.approve(await waiting(floor), ADA);
    const issued = floor.last("permit.issued");
    expect(issued).toMatchObject({ sender: "policy", payload: { intentKey: "large", approvals: [{}] } });
    await floor.submit(submitOf(issued?.payload as Parameters<typeof submitOf>[0]));
    expect(floor.last("order.accepted")).toMatchObject({ payload: { intentKey: "large" } });
  });

  it("an agent's key approves nothing, and each way in which a yes is none has a code of its own", async () => {
    const floor = await Floor.open();
    const { keys } = floor.firm;
    const request = await waiting(floor);
    const said: unknown[] = [];
    const hear = () => said.push((floor.last("decision.refused")?.payload as Refused | undefined)?.code);
    const word = (fields: Partial<Approval>, signer = keys.signer(ADA, KeyPurpose.APPROVAL)) => {
      const { approvalId = "", intentDigest = new Uint8Array(), haltEpoch = 0n } = request;
      const asked = { approvalId, intentDigest, haltEpoch, expiresAtMs: Number(request.expiresAtMs), approver: ADA };
      return signApproval({ ...asked, decision: Decision.APPROVE, ...fields }, signer);
    };
    const say = async (approval: Signed, sender: string) => {
      const payload = create(ApprovalDecisionSchema, { approval, account: "main" });
      await floor.say(sender, { topic: "approvals.decision.v1", type: "approval.decision", payload });
      hear();
    };
    const portfolio = keys.signer("portfolio", KeyPurpose.ENVELOPE);
    await say(word({}), "portfolio");
    await say(word({ approver: "portfolio" }, portfolio), ADA);
    const good = word({});
    const altered = Uint8Array.from(good.payload ?? []);
    altered[altered.length - 1] = (altered[altered.length - 1] ?? 0) ^ 1;
    await say({ ...good, payload: altered }, ADA);
    await say(word({ intentDigest: new Uint8Array(32) }), ADA);
    await say(word({ expiresAtMs: floor.scheduler.nowMs() }), ADA);
    await say(word({ haltEpoch: 0n }), ADA);
    expect(floor.count("permit.issued")).toBe(0);
    await floor.approve(request, ADA);
    await say(good, ADA);
    const submit = submitOf(floor.last("permit.issued")?.payload as Parameters<typeof submitOf>[0]);
    for (const _ of [1, 2]) await floor.submit(submit);
    hear();
    expect(said).toEqual([
      "NOT_ALLOWED", // an agent may not even say it
      "APPROVAL_FORGED", // nor sign it
      "APPROVAL_FORGED", // altered
      "APPROVAL_OTHER_INTENT",
      "APPROVAL_EXPIRED",
      "APPROVAL_OLD_EPOCH",
      "APPROVAL_UNKNOWN", // used
      "DUPLICATE_ORDER", // with its permit and all
    ]);
    expect(floor.count("order.accepted")).toBe(1);
  });

  it("the principal's yes is refused APPROVER_IS_PRINCIPAL, and the order waits for another's", async () => {
    const floor = await Floor.open();
    const request = await waiting(floor, ask({ principal: ADA }));
    await floor.approve(request, ADA);
    expect(floor.last("decision.refused")).toMatchObject(refusedAtPolicy("APPROVER_IS_PRINCIPAL"));
    expect(floor.count("permit.issued")).toBe(0);
    await floor.approve(request, BOB);
    expect(floor.count("permit.issued")).toBe(1);
  });

  it("nobody is asked about an order whose proposer is its principal: PROPOSER_IS_PRINCIPAL", async () => {
    const floor = await Floor.open();
    expect(await floor.propose(ask({ principal: "portfolio" }))).toMatchObject(
      rejectedAtPolicy("PROPOSER_IS_PRINCIPAL"),
    );
    expect(floor.count("approval.request")).toBe(0);
  });

  it("two approvers are two persons: one who says yes twice is one", async () => {
    const floor = await Floor.open({ approvers: 2 });
    const request = await waiting(floor);
    for (const _ of [1, 2]) await floor.approve(request, ADA);
    expect(floor.count("permit.issued")).toBe(0);
    await floor.approve(request, BOB);
    expect(floor.last("permit.issued")).toMatchObject({ payload: { intentKey: "large", approvals: [{}, {}] } });
  });

  it("a no ends it: APPROVAL_REJECTED", async () => {
    const floor = await Floor.open();
    const request = await waiting(floor);
    await floor.approve(request, ADA, { decision: Decision.REJECT });
    expect(floor.last("order.rejected")).toMatchObject(rejectedAtPolicy("APPROVAL_REJECTED"));
    await floor.approve(request, BOB);
    expect(floor.count("permit.issued")).toBe(0);
  });

  it("a yes that is itself too old is refused APPROVAL_EXPIRED, and the order waits on", async () => {
    const floor = await Floor.open();
    const request = await waiting(floor);
    await floor.approve(request, ADA, { expiresAtMs: floor.scheduler.nowMs() });
    expect(floor.last("decision.refused")).toMatchObject(refusedAtPolicy("APPROVAL_EXPIRED"));
    await floor.approve(request, ADA);
    expect(floor.count("permit.issued")).toBe(1);
  });

  it("an order that nobody answers in time is over: APPROVAL_EXPIRED; a yes after that releases nothing", async () => {
    const floor = await Floor.open();
    const request = await waiting(floor);
    const expiresAtMs = Number(request.expiresAtMs);
    await floor.step(() => {}, expiresAtMs - 1);
    expect(floor.count("order.rejected")).toBe(0);
    await floor.step(() => {}, expiresAtMs);
    expect(floor.last("order.rejected")).toMatchObject(rejectedAtPolicy("APPROVAL_EXPIRED"));
    await floor.approve(request, ADA, { expiresAtMs: expiresAtMs + 60_000 });
    expect(floor.last("decision.refused")).toMatchObject(refusedAtPolicy("APPROVAL_UNKNOWN"));
    expect(floor.count("permit.issued")).toBe(0);
  });

  it("a new epoch voids what waits: APPROVAL_OLD_EPOCH, also where the halt does not touch the order", async () => {
    const floor = await Floor.open();
    const request = await waiting(floor);
    await floor.halt("h1", ["validator-1"], "symbol:SPX");
    expect(floor.fence.state().epoch).toBe(2n);
    expect(floor.last("order.rejected")).toMatchObject(rejectedAtPolicy("APPROVAL_OLD_EPOCH"));
    for (const haltEpoch of [1n, 2n]) await floor.approve(request, ADA, { haltEpoch });
    expect(floor.last("decision.refused")).toMatchObject(refusedAtPolicy("APPROVAL_UNKNOWN"));
    expect(floor.count("permit.issued")).toBe(0);
  });

  it("a permit that was released under an approval is void with the epoch: refused at accept", async () => {
    const floor = await Floor.open();
    await floor.approve(await waiting(floor), ADA);
    const issued = floor.last("permit.issued")?.payload as Parameters<typeof submitOf>[0];
    await floor.halt("h1", ["validator-1"], "symbol:SPX");
    await floor.submit(submitOf(issued));
    expect(floor.last("order.reported")).toMatchObject({ payload: { code: "PERMIT_OLD_EPOCH", place: "accept" } });
  });

  it("a market that has left the band that the person signed refuses PRICE_DRIFT; at its edge it has not", async () => {
    const floor = await Floor.open();
    const request = await waiting(floor);
    await floor.quote("AAPL", 199_90, 200_01);
    await floor.approve(request, ADA);
    expect(floor.last("order.rejected")).toMatchObject(rejectedAtPolicy("PRICE_DRIFT"));
    const edge = await Floor.open();
    const asked = await waiting(edge);
    await edge.quote("AAPL", 199_90, 200_00);
    await edge.approve(asked, ADA);
    expect(edge.count("permit.issued")).toBe(1);
  });

  it("a limit that is reached now, and was not when the person was asked, refuses at release", async () => {
    const floor = await Floor.open();
    const request = await waiting(floor);
    // With 100 more the position could come to two thirds of the equity.
    await floor.permit(ask({ intentKey: "small", quantity: { units: 100n, scale: 0 } }));
    await floor.approve(request, ADA);
    expect(floor.last("order.rejected")).toMatchObject(rejectedAtPolicy("POSITION_LIMIT"));
    expect(floor.count("permit.issued")).toBe(1);
  });
});
