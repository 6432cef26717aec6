import { create, type Message } from "@bufbuild/protobuf";
import {
  EscalatedSchema,
  FillSchema,
  OrderAcceptedSchema,
  type OrderCommand,
  OrderRejectedSchema,
  OrderReportedSchema,
  OrderStatus,
  PermitIssuedSchema,
  SignedSchema,
} from "@countersign/contracts";
import { parsePrice, quantity } from "@countersign/orders";
import type { Effect, Input } from "@countersign/runtime";
import { deepFreeze } from "@countersign/runtime/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeIntent } from "./intent.ts";
import { advance, isUnderWay, type Proposals, propose, type Stage } from "./proposal.ts";
import { answer, causeOf, desk, message, noAnswer, START_MS } from "./testing.ts";

const intent = writeIntent(desk, {
  symbol: "AAPL",
  side: "BUY",
  quantity: quantity(10n, 0),
  band: { low: parsePrice("99.00"), high: parsePrice("101.00") },
  reduceOnly: false,
  proposer: "portfolio",
  principal: "strategy:trend@1",
  signalId: "s1",
  leg: "target",
  attempt: 0,
  confidence: 0.6,
  expectedReturn: 0.01,
  features: {},
  explanation: "it rises",
  quotes: [],
  decidedAtMs: START_MS,
});
const asked = deepFreeze(propose({}, intent, causeOf(1)));
const { intentKey } = asked;
const permit = create(SignedSchema, { payloadType: "permit" });
const approvals = [create(SignedSchema, { payloadType: "approval" })];

const reported = (status: OrderStatus, code = "") =>
  ["order.reported", create(OrderReportedSchema, { intentKey, status, code })] as const;
const words: Readonly<Record<string, readonly [type: string, payload: Message]>> = {
  permit: ["permit.issued", create(PermitIssuedSchema, { intentKey, permit, approvals })],
  escalated: ["order.escalated", create(EscalatedSchema, { intentKey })],
  rejected: ["order.rejected", create(OrderRejectedSchema, { intentKey, code: "POSITION_LIMIT" })],
  unused: ["order.rejected", create(OrderRejectedSchema, { intentKey, code: "PERMIT_UNUSED" })],
  accepted: ["order.accepted", create(OrderAcceptedSchema, { intentKey })],
  filled: ["order.filled", create(FillSchema, { intentKey })],
  new: reported(OrderStatus.NEW),
  partly: reported(OrderStatus.PARTIALLY_FILLED),
  done: reported(OrderStatus.FILLED),
  canceled: reported(OrderStatus.CANCELED, "CANCELED"),
  expired: reported(OrderStatus.EXPIRED),
  notSent: reported(OrderStatus.NOT_SENT, "LEASE"),
  refused: reported(OrderStatus.REJECTED, "HALTED"),
};
const inputs: Readonly<Record<string, Input>> = {
  ...Object.fromEntries(Object.entries(words).map(([word, [type, payload]]) => [word, message(type, payload)])),
  silent: noAnswer(`validate ${intentKey}`),
};

/** Says these words one after the other, and what came of it. */
function tell(...said: readonly string[]) {
  let proposals: Proposals = asked.proposals;
  const submits: unknown[] = [];
  const ends: string[] = [];
  for (const word of said) {
    const step = advance(proposals, inputs[word]!, causeOf(2));
    proposals = deepFreeze(step.proposals);
    submits.push(...step.effects);
    if (step.ended !== undefined) ends.push(`${step.ended.outcome} ${step.ended.code}`);
  }
  return { proposals, stage: proposals[intentKey]?.stage ?? "ended", submits: submits.length, ends };
}

const roads: Readonly<Record<Stage, readonly string[]>> = {
  asked: [],
  waiting: ["escalated"],
  sent: ["permit"],
  working: ["permit", "accepted"],
};

describe("propose", () => {
  it("asks Policy about the very bytes, under the intent's key", () => {
    expect(asked.effects).toMatchObject([
      { kind: "call", call: "PolicyService.Validate", to: "policy", idempotencyKey: intentKey, payload: { intent } },
    ]);
    expect(asked.proposals[intentKey]).toMatchObject({ stage: "asked", symbol: "AAPL", account: "main" });
    expect([isUnderWay(asked.proposals, "AAPL"), isUnderWay(asked.proposals, "SPX")]).toEqual([true, false]);
  });

  it("an intent of our own that is no order stops the process", () => {
    expect(() => propose({}, new Uint8Array([1]), causeOf(1))).toThrow(/broken invariant/);
  });
});

describe("advance", () => {
  // For each stage what each word leads to; a word that is not there changes nothing.
  const table: readonly [Stage, Readonly<Record<string, string>>][] = [
    [
      "asked",
      {
        permit: "sent",
        escalated: "waiting",
        rejected: "refused POSITION_LIMIT",
        unused: "refused PERMIT_UNUSED",
        silent: "unanswered UNAVAILABLE",
      },
    ],
    ["waiting", { permit: "sent", rejected: "refused POSITION_LIMIT", unused: "refused PERMIT_UNUSED" }],
    [
      "sent",
      {
        unused: "missed PERMIT_UNUSED",
        accepted: "working",
        filled: "sent, filled",
        done: "filled FILLED",
        canceled: "missed CANCELED",
        expired: "missed EXPIRED",
        notSent: "missed LEASE",
        refused: "refused HALTED",
      },
    ],
    [
      "working",
      {
        filled: "working, filled",
        done: "filled FILLED",
        canceled: "missed CANCELED",
        expired: "missed EXPIRED",
        notSent: "missed LEASE",
        refused: "refused HALTED",
      },
    ],
  ];
  it.each(table.flatMap(([stage, row]) => Object.keys(inputs).map((word) => [stage, word, row[word]] as const)))(
    "%s, %s: %s",
    (stage, word, expected) => {
      const before = tell(...roads[stage]).proposals;
      const { proposals, effects, ended } = advance(before, inputs[word]!, causeOf(2));
      if (expected === undefined) expect(proposals).toBe(before);
      const after = proposals[intentKey];
      const now =
        ended === undefined ? `${after?.stage}${after?.hasFilled ? ", filled" : ""}` : `${ended.outcome} ${ended.code}`;
      expect(now).toBe(expected ?? stage);
      expect(after === undefined).toBe(ended !== undefined);
      expect(effects.length).toBe(word === "permit" && expected === "sent" ? 1 : 0);
    },
  );

  it("a permit goes to Execution with the proposer's own bytes and the approvals", () => {
    const { effects } = advance(asked.proposals, inputs.permit!, causeOf(2));
    expect(effects).toMatchObject([
      { kind: "publish", topic: "orders.intent.v1", key: "main", type: "order.intent", idempotencyKey: intentKey },
    ]);
    const commandOf = ([effect]: readonly Effect[]) =>
      effect?.kind === "publish" ? (effect.payload as OrderCommand).command : undefined;
    expect(commandOf(effects)).toMatchObject({ case: "submit", value: { intent, permit, approvals } });
    const others = create(PermitIssuedSchema, { intentKey, permit, intent: new Uint8Array([9]) });
    const again = advance(asked.proposals, message("permit.issued", others), causeOf(2)).effects;
    expect(commandOf(again)).toMatchObject({ case: "submit", value: { intent } });
  });

  it("a verdict counts as the answer or as the event, whichever comes first, and once", () => {
    const first = advance(asked.proposals, answer(`validate ${intentKey}`, ...words.permit!), causeOf(2));
    expect(first.effects.length).toBe(1);
    const second = advance(first.proposals, inputs.permit!, causeOf(3));
    expect(second.effects).toEqual([]);
    expect(second.proposals).toBe(first.proposals);
  });

  it.each([
    ["escalated twice, then permitted twice", ["escalated", "escalated", "permit", "permit"], "sent", 1],
    ["an escalation that comes after its permit", ["permit", "escalated"], "sent", 1],
    ["an escalation that comes after the order works", ["permit", "accepted", "escalated", "permit"], "working", 1],
    ["a rejection that comes after the permit", ["permit", "rejected"], "sent", 1],
    ["the call's end after the verdict came by its topic", ["permit", "silent"], "sent", 1],
    ["the call's end while a person is asked", ["escalated", "silent"], "waiting", 0],
    ["a permit after the proposal was given up", ["silent", "permit"], "ended", 0],
    ["a permit after the rejection", ["rejected", "permit"], "ended", 0],
    ["an order that is accepted twice", ["permit", "accepted", "accepted"], "working", 1],
  ] as const)("out of order: %s", (_, said, stage, submits) => {
    expect(tell(...said)).toMatchObject({ stage, submits });
  });

  it.each([
    [["permit", "accepted", "filled", "expired"], ["filled EXPIRED"]],
    [["permit", "accepted", "filled", "filled", "done"], ["filled FILLED"]],
    [["permit", "accepted", "partly", "filled", "canceled", "canceled"], ["filled CANCELED"]],
    [["permit", "accepted", "new", "expired", "filled"], ["missed EXPIRED"]],
  ] as const)("%j ends as %j", (said, ends) => {
    expect(tell(...said).ends).toEqual(ends);
  });

  it("whatever is said in whatever order, it is sent once at most and ends once at most", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(inputs)), { maxLength: 20 }), (said) => {
        const { submits, ends, stage } = tell(...said);
        return submits <= 1 && ends.length <= 1 && (stage === "ended") === (ends.length === 1);
      }),
    );
  });

  it("what is said of another intent, or without one, changes nothing", () => {
    for (const [type, payload] of Object.values(words)) {
      const other = message(type, { ...payload, intentKey: "other" } as Message);
      const nameless = message(type, { ...payload, intentKey: undefined } as Message);
      for (const input of [other, nameless, noAnswer("validate other"), { kind: "tick" } as const]) {
        expect(advance(asked.proposals, input, causeOf(2))).toEqual({ proposals: asked.proposals, effects: [] });
        expect(advance(asked.proposals, input, causeOf(2)).proposals).toBe(asked.proposals);
      }
    }
  });
});
