import { toBinary } from "@bufbuild/protobuf";
import { Decision, Mode, type OpenHalt, Role, type Signed, SubmitOrderSchema } from "@countersign/contracts";
import { signPayload } from "@countersign/envelope";
import { type Order, parseMoney, parseQuantity } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import {
  approvalOf,
  config,
  EPOCH,
  instruments,
  intentOf,
  keysWith,
  keysWithout,
  NOW_MS,
  OPEN,
  orderOf,
  permitFor,
  quote,
  signer,
  submitOf,
} from "../../test/world.ts";
import type { SendOrder } from "../core/acts.ts";
import { type GateFacts, openGate, type SendCode } from "./gate.ts";
import { openPaperVenue } from "./paper.ts";
import type { Line, Venue } from "./venue.ts";

const none = parseMoney("0", "USD");
const held = { symbol: "AAPL", position: parseQuantity("0"), reducing: parseQuantity("0") };
const intent = intentOf();
const large = intentOf({ intentKey: "large", quantity: { units: 1_000n, scale: 0 } });
const halt: OpenHalt = { id: "h1", level: 1, scope: { kind: "all" } };

interface Case {
  readonly intent?: Uint8Array;
  readonly permit?: Signed;
  readonly approvals?: Signed[];
  readonly send?: Partial<SendOrder>;
  readonly facts?: Partial<GateFacts>;
  readonly core?: Partial<GateFacts["config"]>;
  /** Done to the order by the adapter, on its way into the request. */
  readonly adapter?: (order: Order) => Order;
  readonly sentBefore?: SendOrder;
  readonly unpriced?: boolean;
  readonly line?: Line;
  readonly latches?: readonly OpenHalt[];
}

/** A gate over the real paper venue; `written` counts what was submitted to it. */
function open(asked: Case) {
  const core = { ...config, ...asked.core };
  const paper = openPaperVenue({ ...config.venue, instruments });
  let written = 0;
  const venue: Venue<Parameters<typeof paper.submit>[0]> = {
    ...paper,
    toVenueRequest: (order, times) => paper.toVenueRequest(asked.adapter?.(order) ?? order, times),
    submit(request) {
      written += 1;
      return paper.submit(request);
    },
    ...(asked.line && { line: asked.line }),
  };
  const facts = {
    fence: () => OPEN,
    fenceFresh: () => true,
    mayWrite: () => true,
    nowMs: () => NOW_MS,
    config: core,
    ...asked.facts,
  };
  const gate = openGate(venue, facts);
  if (asked.unpriced !== true) for (const symbol of ["AAPL", "SAP"]) gate.onMarket(quote(symbol, 19_010, 19_020));
  gate.latch(asked.latches ?? []);
  return { gate, written: () => written };
}

function sendOf(asked: Case): SendOrder {
  const bytes = asked.intent ?? intent;
  const { permit = permitFor(bytes), approvals = [] } = asked;
  const submit = toBinary(SubmitOrderSchema, submitOf(bytes, { permit, approvals }));
  return { order: orderOf(bytes), submit, siblings: none, held, ...asked.send };
}

const ann = approvalOf(large, "person:ann");
const sameParty = intentOf({ intentKey: "own", principal: "portfolio", quantity: { units: 1_000n, scale: 0 } });
const oldEpoch = { ...OPEN, epoch: EPOCH + 1n };
const submitWithout = (field: "permit") => {
  const submit = submitOf(intent);
  delete submit[field];
  return toBinary(SubmitOrderSchema, submit);
};

/** One way to be refused for every code there is: a code without one does not compile. */
const cases: Readonly<Record<SendCode, Case>> = {
  VENUE_NOT_READY: { line: { isReady: () => false, whyNot: () => "down", connect() {}, close() {} } },
  NO_CLOCK: { facts: { nowMs: () => undefined } },
  NO_PRICE: { unpriced: true },
  NO_INSTRUMENT: { core: { instruments: new Map() } },
  WRONG_CURRENCY: { intent: intentOf({ symbol: "SAP" }) },
  WRONG_ACCOUNT: { intent: intentOf({ account: "other" }) },
  WRONG_VENUE: { intent: intentOf({ venue: "elsewhere" }) },
  // Another permit for the same intent is no second order.
  ALREADY_WRITTEN: { sentBefore: sendOf({ permit: permitFor(intent, { permitId: "another" }) }) },
  INTENT_MALFORMED: { send: { submit: toBinary(SubmitOrderSchema, submitOf(new Uint8Array([255]))) } },
  ORDER_ALTERED: { adapter: (order) => ({ ...order, quantity: parseQuantity("101") }) },
  WRONG_MODE: { intent: intentOf({ mode: Mode.REPLAY }) },
  PERMIT_MISSING: { send: { submit: submitWithout("permit") } },
  PERMIT_FORGED: { permit: permitFor(intent, {}, "hedger") },
  PERMIT_MALFORMED: { permit: signPayload("permit", new Uint8Array(0), signer("policy")) },
  PERMIT_OTHER_INTENT: { permit: permitFor(large) },
  PERMIT_EXPIRED: { permit: permitFor(intent, { expiresAtMs: NOW_MS }) },
  // Two orders under one permit id, each with Policy's signature.
  PERMIT_SPENT: {
    permit: permitFor(intent, { permitId: "p" }),
    sentBefore: sendOf({
      intent: intentOf({ intentKey: "first" }),
      permit: permitFor(intentOf({ intentKey: "first" }), { permitId: "p" }),
    }),
  },
  PERMIT_OLD_EPOCH: { facts: { fence: () => oldEpoch } },
  FENCE_STALE: { facts: { fenceFresh: () => false } },
  NOT_THE_WRITER: { facts: { mayWrite: () => false } },
  HALTED: { latches: [halt] },
  APPROVAL_MISSING: { intent: large },
  APPROVAL_FORGED: { intent: large, approvals: [approvalOf(large, "person:ann", {}, "policy")] },
  APPROVAL_MALFORMED: { intent: large, approvals: [approvalOf(large, "person:ann", {}, "person:bob")] },
  APPROVAL_OTHER_INTENT: { intent: large, approvals: [approvalOf(intent, "person:ann")] },
  APPROVAL_REJECTED: { intent: large, approvals: [approvalOf(large, "person:ann", { decision: Decision.REJECT })] },
  APPROVAL_EXPIRED: { intent: large, approvals: [approvalOf(large, "person:ann", { expiresAtMs: NOW_MS })] },
  APPROVAL_OLD_EPOCH: { intent: large, approvals: [approvalOf(large, "person:ann", { haltEpoch: EPOCH - 1n })] },
  APPROVERS_NOT_DISTINCT: {
    intent: large,
    approvals: [ann, ann],
    core: { ceiling: { ...config.ceiling, persons: 2 } },
  },
  PERMIT_KEY_REVOKED: { core: { keys: keysWithout("policy") } },
  APPROVAL_KEY_REVOKED: {
    intent: large,
    approvals: [approvalOf(large, "person:ann")],
    core: { keys: keysWithout("person:ann") },
  },
  APPROVER_ROLE_MISSING: approvedIn([Role.ADMIN], 900_000_00n),
  APPROVER_AMOUNT: approvedIn([Role.APPROVER], 189_999_99n),
  APPROVER_IS_PROPOSER: byParty({ proposer: "person:ann" }),
  APPROVER_IS_PRINCIPAL: byParty({ principal: "person:ann" }),
  PROPOSER_IS_PRINCIPAL: { intent: sameParty, approvals: [approvalOf(sameParty, "person:ann")] },
};

/** Worth 190,000.00, approved by Ann in these roles. */
function approvedIn(roles: readonly Role[], cents: bigint): Case {
  const core = { keys: keysWith("person:ann", roles, cents) };
  return { intent: large, approvals: [approvalOf(large, "person:ann")], core };
}

function byParty(fields: { proposer?: string; principal?: string }): Case {
  const bytes = intentOf({ intentKey: "party", quantity: { units: 1_000n, scale: 0 }, ...fields });
  return { intent: bytes, approvals: [approvalOf(bytes, "person:ann")] };
}

describe("the venue gate", () => {
  for (const [code, asked] of Object.entries(cases)) {
    it(`refuses ${code}, and writes nothing`, () => {
      const { gate, written } = open(asked);
      if (asked.sentBefore !== undefined) expect(gate.send(asked.sentBefore)).toMatchObject({ ok: true });
      const before = written();
      expect(gate.send(sendOf(asked))).toMatchObject({ ok: false, code, place: "gate" });
      expect(written()).toBe(before);
    });
  }

  it("writes a permitted order, and what the venue says comes back", () => {
    const { gate, written } = open({});
    const { order } = sendOf({});
    const accepted = [{ type: "accepted", clientOrderId: order.clientOrderId }];
    expect(gate.send(sendOf({}))).toEqual({ ok: true, reports: accepted });
    const asked = gate.reconcile({ clientOrderIds: [order.clientOrderId], executedThrough: {} });
    expect([written(), gate.openOrders(), asked?.orders[0]?.reports]).toEqual([1, [order.clientOrderId], accepted]);
  });

  it("writes a large order that a person has approved", () => {
    const { gate } = open({});
    const permit = permitFor(large, { approvalIds: ["request-1"] });
    expect(gate.send(sendOf({ intent: large, permit, approvals: [ann] }))).toMatchObject({ ok: true });
  });

  it("demands approvals by its own ceiling, over all children of one parent", () => {
    // 100 × 190.00 is 19,000; with 81,000.01 before it one cent too much.
    const at = (siblings: string) => open({}).gate.send(sendOf({ send: { siblings: parseMoney(siblings, "USD") } }));
    expect(at("81000.00")).toMatchObject({ ok: true });
    expect(at("81000.01")).toMatchObject({ ok: false, code: "APPROVAL_MISSING" });
  });

  it("refuses an order of which the adapter would change any field", () => {
    const changed: { [Field in keyof Order]: Order[Field] } = {
      ...orderOf(
        intentOf({ intentKey: "other", parent: "p", proposer: "hedger", principal: "person:bob", reduceOnly: true }),
      ),
      account: "other",
      venue: "elsewhere",
      symbol: "MSFT",
      side: "SELL",
      quantity: parseQuantity("99"),
      type: "STOP",
      limitPrice: orderOf(intent).bandHigh,
      stopPrice: orderOf(intent).bandHigh,
      bandLow: orderOf(intent).limitPrice,
      bandHigh: orderOf(intent).limitPrice,
      timeInForce: "IOC",
      mode: "replay",
    };
    for (const field of Object.keys(changed) as (keyof Order)[]) {
      const { gate, written } = open({ adapter: (order) => ({ ...order, [field]: changed[field] }) });
      for (const symbol of instruments.keys()) gate.onMarket(quote(symbol, 19_010, 19_020));
      const refused = field === "account" ? "WRONG_ACCOUNT" : field === "venue" ? "WRONG_VENUE" : "ORDER_ALTERED";
      expect([field, gate.send(sendOf({}))]).toMatchObject([field, { ok: false, code: refused, place: "gate" }]);
      expect(written()).toBe(0);
    }
  });

  it("cancels while a halt is in force", () => {
    const { gate } = open({});
    const { clientOrderId } = sendOf({}).order;
    gate.send(sendOf({}));
    gate.latch([halt]);
    expect(gate.cancel(clientOrderId)).toEqual([{ type: "canceled", clientOrderId }]);
  });

  it("forgets a latch that is released", () => {
    const { gate } = open({ latches: [halt] });
    gate.latch([]);
    expect(gate.send(sendOf({}))).toMatchObject({ ok: true });
  });

  it("does not write again what the venue failed over", () => {
    const paper = openPaperVenue({ ...config.venue, instruments });
    const failing = {
      ...paper,
      submit(): never {
        throw new Error("the line is dead");
      },
    };
    const facts = { fence: () => OPEN, fenceFresh: () => true, mayWrite: () => true, nowMs: () => NOW_MS };
    const gate = openGate(failing, { config, ...facts });
    gate.onMarket(quote("AAPL", 19_010, 19_020));
    expect(() => gate.send(sendOf({}))).toThrow("the line is dead");
    expect(gate.send(sendOf({}))).toMatchObject({ code: "ALREADY_WRITTEN" });
  });
});
