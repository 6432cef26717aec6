import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  ApprovalSchema,
  Decision,
  type FenceState,
  KeyState,
  Mode,
  PermitSchema,
  Role,
  Side,
  TimeInForce,
} from "@countersign/contracts";
import { type Keys, signPayload } from "@countersign/envelope";
import { price, quantity } from "@countersign/orders";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IntentFields } from "../test/world.ts";
import * as world from "../test/world.ts";
import { signApproval } from "./approval.ts";
import { type Attempt, authorise } from "./authorise.ts";
import { intentDigest, issuePermit } from "./permit.ts";
import { type GateCode, gateCodes } from "./refusal.ts";

const { NOW_MS, ann, annApproves, approvalFields, attempt, bob, bobApproves, intent, intentOf } = world;
const { orderOf, permitFields, policy, signer } = world;

const other = new Uint8Array(32).fill(9);
const halted: FenceState = {
  ...attempt().fence,
  halts: [{ id: "halt-1", level: 3, scope: { kind: "symbol", id: "AAPL" } }],
};
const long = (units: bigint, reducing = 0n) => ({
  symbol: "AAPL",
  position: quantity(units, 0),
  reducing: quantity(reducing, 0),
});
const approvedBy = (fields: Parameters<typeof approvalFields>[1], by = ann) => ({
  approvals: [signApproval(approvalFields("person.ann", fields), by), bobApproves],
});
/** A consistent attempt, approvals and all, over another intent. */
function attemptOver(fields: IntentFields): Partial<Attempt> {
  const intentBytes = intentOf(fields);
  const D = { intentDigest: intentDigest(intentBytes) };
  return {
    intentBytes,
    order: orderOf(intentBytes),
    permit: issuePermit(permitFields(D), policy),
    approvals: [signApproval(approvalFields("person.ann", D), ann), signApproval(approvalFields("person.bob", D), bob)],
  };
}

/** Bob in these roles, with an amount. The order and its siblings are worth 56,850.00. */
function bobIs(roles: readonly Role[], units?: bigint, currency = "USD"): Partial<Attempt> {
  const amount = { $typeName: "countersign.v1.Money", units: units ?? 0n, scale: 2, currency } as const;
  const standing = { roles, approvesUpTo: units === undefined ? undefined : amount };
  const find: Keys["find"] = (keyid) => {
    const key = attempt().keys.find(keyid);
    return key?.sender === "person.bob" ? { ...key, standing } : key;
  };
  return { keys: { find } };
}

/** The keys of one sender have been taken away. */
function without(sender: string, reason: string): Partial<Attempt> {
  const find: Keys["find"] = (keyid) => {
    const key = attempt().keys.find(keyid);
    return key?.sender === sender ? { ...key, state: KeyState.REVOKED, reason } : key;
  };
  return { keys: { find } };
}

const refusals: [GateCode, string, Partial<Attempt>][] = [
  ["INTENT_MALFORMED", "bytes that are no intent", { intentBytes: Buffer.from("no") }],
  ["INTENT_MALFORMED", "an intent without a price", { intentBytes: intentOf({ limitPrice: undefined }) }],
  ["ORDER_ALTERED", "another quantity", { order: { ...orderOf(intent), quantity: quantity(301n, 0) } }],
  ["ORDER_ALTERED", "another scale", { order: { ...orderOf(intent), limitPrice: price(189_500n, 3) } }],
  ["ORDER_ALTERED", "another venue", { order: { ...orderOf(intent), venue: "elsewhere" } }],
  ["WRONG_MODE", "a paper order in a live process", { mode: "live" }],
  ["PERMIT_MISSING", "no permit", { permit: undefined }],
  ["PERMIT_FORGED", "a key that nobody granted", { permit: issuePermit(permitFields(), signer("thief")) }],
  [
    "PERMIT_FORGED",
    "a permit key that is not Policy's",
    { permit: issuePermit(permitFields(), signer("agent.hedger")) },
  ],
  ["PERMIT_FORGED", "a person's key", { permit: issuePermit(permitFields(), ann) }],
  ["PERMIT_FORGED", "Policy's key for replay", { permit: issuePermit(permitFields(), signer("agent.policy, replay")) }],
  ["PERMIT_FORGED", "Policy's key, pending", { permit: issuePermit(permitFields(), signer("agent.policy, pending")) }],
  ["PERMIT_FORGED", "an approval in its place", { permit: annApproves }],
  [
    "PERMIT_FORGED",
    "an altered permit",
    { permit: { ...world.permit, payload: permitBytes({ permitId: "permit-2" }) } },
  ],
  [
    "PERMIT_MALFORMED",
    "no digest",
    { permit: signPayload("permit", permitBytes({ intentDigest: undefined }), policy) },
  ],
  ["PERMIT_MALFORMED", "no epoch", { permit: signPayload("permit", permitBytes({ haltEpoch: undefined }), policy) }],
  ["PERMIT_MALFORMED", "no expiry", { permit: signPayload("permit", permitBytes({ expiresAtMs: undefined }), policy) }],
  ["PERMIT_MALFORMED", "no id", { permit: signPayload("permit", permitBytes({ permitId: "" }), policy) }],
  [
    "PERMIT_MALFORMED",
    "no version",
    { permit: signPayload("permit", permitBytes({ policyVersion: undefined }), policy) },
  ],
  ["PERMIT_MALFORMED", "no protobuf", { permit: signPayload("permit", Buffer.from("no"), policy) }],
  ["PERMIT_OTHER_INTENT", "another digest", { permit: issuePermit(permitFields({ intentDigest: other }), policy) }],
  [
    "PERMIT_EXPIRED",
    "its last millisecond over",
    { permit: issuePermit(permitFields({ expiresAtMs: NOW_MS }), policy) },
  ],
  ["PERMIT_SPENT", "used before", { spent: (id) => id === "permit-1" }],
  ["PERMIT_OLD_EPOCH", "the epoch before", { permit: issuePermit(permitFields({ haltEpoch: 6n }), policy) }],
  ["PERMIT_OLD_EPOCH", "an epoch to come", { permit: issuePermit(permitFields({ haltEpoch: 8n }), policy) }],
  ["FENCE_STALE", "a silent control log", { fenceFresh: false }],
  ["FENCE_STALE", "a silent control log and a reducing order", { fenceFresh: false, fence: halted, held: long(300n) }],
  ["HALTED", "a halt, the book not reconciled", { fence: halted }],
  ["HALTED", "a halt, the position smaller than the order", { fence: halted, held: long(299n) }],
  ["HALTED", "a halt, other orders closing it already", { fence: halted, held: long(300n, -1n) }],
  [
    "HALTED",
    "a halt, and an order not reduce-only",
    { ...attemptOver({ reduceOnly: false }), fence: halted, held: long(300n) },
  ],
  ["APPROVAL_FORGED", "a key that nobody granted", approvedBy({}, signer("thief"))],
  ["APPROVAL_FORGED", "a key of no person", approvedBy({ approver: "robot" }, signer("robot"))],
  ["APPROVAL_FORGED", "Policy's key", approvedBy({}, policy)],
  ["APPROVAL_FORGED", "a person's key for replay", approvedBy({}, signer("person.ann, replay"))],
  ["APPROVAL_FORGED", "a permit in its place", { approvals: [world.permit, bobApproves] }],
  ["APPROVAL_MALFORMED", "another's name", approvedBy({ approver: "person.bob" })],
  [
    "APPROVAL_MALFORMED",
    "no decision",
    { approvals: [signPayload("approval", approvalBytes({ decision: undefined }), ann)] },
  ],
  [
    "APPROVAL_MALFORMED",
    "no epoch",
    { approvals: [signPayload("approval", approvalBytes({ haltEpoch: undefined }), ann)] },
  ],
  [
    "APPROVAL_MALFORMED",
    "no expiry",
    { approvals: [signPayload("approval", approvalBytes({ expiresAtMs: undefined }), ann)] },
  ],
  ["APPROVAL_MALFORMED", "no protobuf", { approvals: [signPayload("approval", Buffer.from("no"), ann)] }],
  ["APPROVAL_OTHER_INTENT", "another digest", approvedBy({ intentDigest: other })],
  ["APPROVAL_REJECTED", "a no", approvedBy({ decision: Decision.REJECT })],
  ["APPROVAL_EXPIRED", "its last millisecond over", approvedBy({ expiresAtMs: NOW_MS })],
  ["APPROVAL_OLD_EPOCH", "the epoch before", approvedBy({ haltEpoch: 6n })],
  [
    "APPROVER_IS_PROPOSER",
    "the proposer",
    approvedBy({ approver: "agent.portfolio" }, signer("agent.portfolio, approving")),
  ],
  ["APPROVER_IS_PRINCIPAL", "the principal", approvedBy({ approver: "person.carol" }, signer("person.carol"))],
  ["APPROVERS_NOT_DISTINCT", "one approval twice", { approvals: [bobApproves, bobApproves] }],
  [
    "APPROVERS_NOT_DISTINCT",
    "one person, two keys",
    { approvals: [bobApproves, signApproval(approvalFields("person.bob"), signer("person.bob, second key"))] },
  ],
  ["PERMIT_KEY_REVOKED", "a key that was followed by another", without("agent.policy", "superseded")],
  ["PERMIT_KEY_REVOKED", "a stolen key", without("agent.policy", "compromised")],
  ["APPROVAL_KEY_REVOKED", "a key that was followed by another", without("person.bob", "superseded")],
  ["APPROVAL_KEY_REVOKED", "a stolen key", without("person.bob", "compromised")],
  ["APPROVER_ROLE_MISSING", "no role", bobIs([], 9_999_999n)],
  ["APPROVER_ROLE_MISSING", "who looks and who grants keys", bobIs([Role.VIEWER, Role.ADMIN], 9_999_999n)],
  ["APPROVER_AMOUNT", "a cent too much", bobIs([Role.APPROVER], 5_684_999n)],
  ["APPROVER_AMOUNT", "an amount of another currency", bobIs([Role.RISK], 9_999_999n, "EUR")],
  ["APPROVER_AMOUNT", "no amount", bobIs([Role.RISK])],
  ["PROPOSER_IS_PRINCIPAL", "one party as two", attemptOver({ principal: "agent.portfolio" })],
  ["APPROVAL_MISSING", "one of two", { approvals: [bobApproves] }],
  ["APPROVAL_MISSING", "none of two", { approvals: [] }],
  ["APPROVAL_MISSING", "a need that is no number", { ceiling: { approvalsNeeded: () => Number.NaN } }],
  [
    "APPROVAL_MISSING",
    "a request that the permit names and nobody answered",
    { permit: issuePermit(permitFields({ approvalIds: ["request-1", "request-2"] }), policy) },
  ],
];

describe("authorise", () => {
  it("lets pass an order with its permit and its approvals", () => {
    expect(authorise(attempt())).toEqual({ ok: true, permit: permitFields(), approvers: ["person.ann", "person.bob"] });
  });

  it("lets pass an order that its approvers may approve to the cent", () => {
    for (const role of [Role.APPROVER, Role.RISK]) expect(authorise(attempt(bobIs([role], 5_685_000n))).ok).toBe(true);
  });

  it("lets pass an order below the ceiling without approvals", () => {
    const permit = issuePermit(permitFields({ approvalIds: [] }), policy);
    expect(authorise(attempt({ permit, approvals: [], ceiling: { approvalsNeeded: () => 0 } })).ok).toBe(true);
  });

  it.each(refusals)("%s: %s", (code, _, fields) => {
    expect(authorise(attempt(fields))).toMatchObject({ ok: false, code, place: "gate" });
  });

  it("has a row for every code", () => {
    expect(new Set(refusals.map(([code]) => code))).toEqual(new Set(gateCodes));
  });

  it("asks its own ceiling about the order and all of its parent, whatever Policy's permit says", () => {
    const asked: string[] = [];
    const ceiling = {
      approvalsNeeded: (order: { intentKey: string }, notional: { units: bigint }) => {
        asked.push(`${order.intentKey} ${notional.units}`);
        return 1;
      },
    };
    const permit = issuePermit(permitFields({ approvalIds: [] }), policy);
    expect(authorise(attempt({ permit, approvals: [], ceiling }))).toMatchObject({ code: "APPROVAL_MISSING" });
    expect(asked).toEqual(["intent-1 5685000"]);
  });

  it("lets a provably reducing order pass a halt that covers it, and others pass a halt that does not", () => {
    expect(authorise(attempt({ fence: halted, held: long(300n) })).ok).toBe(true);
    expect(authorise(attempt({ fence: halted, held: long(500n, -200n) })).ok).toBe(true);
    const elsewhere = { ...halted, halts: [{ id: "h", level: 1, scope: { kind: "symbol", id: "MSFT" } as const }] };
    expect(authorise(attempt({ fence: elsewhere })).ok).toBe(true);
  });

  it("refuses once the intent is another in any field, also with the order made from it", () => {
    fc.assert(
      fc.property(changedIntents(), (fields) => {
        const intentBytes = intentOf(fields);
        expect(Buffer.compare(intentBytes, intent)).not.toBe(0);
        expect(authorise(attempt({ intentBytes })).ok).toBe(false);
        expect(authorise(attempt({ intentBytes, order: orderOf(intentBytes) }))).toMatchObject({
          code: fields.mode === undefined ? "PERMIT_OTHER_INTENT" : "WRONG_MODE",
        });
      }),
      { numRuns: 200 },
    );
  });

  it("refuses an intent with any bit flipped", () => {
    fc.assert(
      fc.property(fc.nat(intent.length - 1), fc.nat(7), (at, bit) => {
        const intentBytes = Uint8Array.from(intent);
        intentBytes[at] = (intentBytes[at] ?? 0) ^ (1 << bit);
        expect(authorise(attempt({ intentBytes })).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

function permitBytes(fields: MessageInitShape<typeof PermitSchema>): Uint8Array {
  const whole = { ...permitFields(), expiresAtMs: BigInt(NOW_MS + 10_000), approvalIds: ["request-1"], ...fields };
  return toBinary(PermitSchema, create(PermitSchema, whole));
}

function approvalBytes(fields: MessageInitShape<typeof ApprovalSchema>): Uint8Array {
  const whole = { ...approvalFields("person.ann"), expiresAtMs: BigInt(NOW_MS + 10_000), ...fields };
  return toBinary(ApprovalSchema, create(ApprovalSchema, whole));
}

/** One changed field of an intent that still makes an order, for every field that can change alone. */
function changedIntents(): fc.Arbitrary<IntentFields> {
  const text = fc.string({ minLength: 1 }).map((value) => `${value}~`);
  const price = (min: bigint, max: bigint) => fc.bigInt(min, max).map((units) => ({ units, scale: 2 }));
  const changes = {
    intentKey: text,
    account: text,
    venue: text,
    symbol: text,
    side: fc.constant(Side.BUY),
    quantity: fc.bigInt(1n, 299n).map((units) => ({ units, scale: 0 })),
    limitPrice: price(18_900n, 18_949n),
    bandLow: price(1n, 18_899n),
    bandHigh: price(19_001n, 99_999n),
    timeInForce: fc.constantFrom(TimeInForce.FOK, TimeInForce.GTC),
    reduceOnly: fc.constant(false),
    mode: fc.constantFrom(Mode.REPLAY, Mode.SHADOW, Mode.LIVE),
    proposer: text,
    principal: text,
    parent: text,
    attempt: fc.integer({ min: 2, max: 99 }),
    signalId: text,
    confidence: fc.double({ min: 0.71, max: 1, noNaN: true }),
    expectedReturn: fc.double({ min: 0.01, max: 1, noNaN: true }),
    features: text.map((name) => [{ name, value: 1 }]),
    explanation: text,
    quotes: text.map((symbol) => [{ symbol, seq: 1n }]),
    decidedAtMs: fc.bigInt(1n, 9n),
  } satisfies { [Field in keyof IntentFields]: fc.Arbitrary<IntentFields[Field]> };
  return fc
    .constantFrom(...Object.entries(changes))
    .chain(([name, values]) => values.map((value) => ({ [name]: value })));
}
