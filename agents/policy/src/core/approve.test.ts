import { create } from "@bufbuild/protobuf";
import { ApprovalDecisionSchema, Decision, Mode, type Refused } from "@countersign/contracts";
import type { Keys } from "@countersign/envelope";
import { type Approval, intentDigest, signApproval } from "@countersign/permit";
import type { Effect } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Desk, verdictOf } from "../testing.ts";
import { type Ask, generous, intentOf, keys, openFence, signer } from "../testing-world.ts";

const rule = { ...generous, threshold: "40000", action: "escalate" };
const large: Ask = { key: "large", quantity: 450n };

/** The same keys, as a firm of this mode has them. */
function inMode(mode: Mode): Keys {
  return {
    find(keyid) {
      const key = keys.find(keyid);
      return key && { ...key, modes: new Set([mode]) };
    },
  };
}

function waitingDesk(more: object = {}) {
  const desk = Desk.open([rule], more);
  const approvalId = desk.ask(large).escalated?.approvalId ?? "";
  return { desk, approvalId };
}

function approvalOf(desk: Desk, approvalId: string, more: Partial<Approval> = {}): Approval {
  const expiresAtMs = desk.nowMs + 60_000;
  const intent = { intentDigest: intentDigest(intentOf(large)), approvalId, decision: Decision.APPROVE };
  return { ...intent, haltEpoch: 1n, expiresAtMs, approver: "person:ana", ...more };
}

function decide(desk: Desk, approval: Approval, by: string = approval.approver): readonly Effect[] {
  const payload = create(ApprovalDecisionSchema, { approval: signApproval(approval, signer(by)), account: "main" });
  return desk.message("approval.decision", "operator", payload);
}

const refusalOf = (effects: readonly Effect[]) =>
  effects.flatMap((effect) =>
    effect.kind === "publish" && effect.type === "decision.refused" ? [(effect.payload as Refused).code] : [],
  );

describe("a person's yes", () => {
  it("releases the order with its approval, to the proposer, as every permit", () => {
    const { desk, approvalId } = waitingDesk();
    const effects = decide(desk, approvalOf(desk, approvalId));
    const { issued } = verdictOf(effects);
    expect(issued?.approvals).toHaveLength(1);
    expect(effects[0]).toMatchObject({ topic: "risk.policy.v1", cause: { correlationId: "correlation" } });
    expect(effects[0]).not.toHaveProperty("reply");
    expect(effects[1]).toEqual({ kind: "cancel-timer", id: `approval:${approvalId}` });
    expect(desk.state.waiting).toEqual({});
    expect(desk.state.orders.large).toMatchObject({ stage: "permitted", reserved: 4_500_000n });
  });

  it("is one of two where two persons are needed, and the same person is not two", () => {
    const { desk, approvalId } = waitingDesk({ approvals: { ttlSeconds: 120, persons: 2 } });
    for (const _ of [1, 2]) {
      expect(
        decide(desk, approvalOf(desk, approvalId)).map((effect) => effect.kind === "publish" && effect.type),
      ).toEqual(["decision.made"]);
    }
    const { issued } = verdictOf(decide(desk, approvalOf(desk, approvalId, { approver: "person:ben" })));
    expect(issued?.approvals).toHaveLength(2);
  });
});

describe("an answer that does not count leaves the order waiting", () => {
  it.each<[string, Partial<Approval>, string | undefined, string]>([
    ["signed by another person", { approver: "person:ana" }, "person:ben", "APPROVAL_MALFORMED"],
    ["signed by an agent", { approver: "portfolio" }, "portfolio-approval", "APPROVAL_FORGED"],
    ["signed by nobody we know", {}, "stranger", "APPROVAL_FORGED"],
    ["of another intent", { intentDigest: new Uint8Array(32) }, undefined, "APPROVAL_OTHER_INTENT"],
    ["of another epoch", { haltEpoch: 2n }, undefined, "APPROVAL_OLD_EPOCH"],
    ["that has run out", { expiresAtMs: 1 }, undefined, "APPROVAL_EXPIRED"],
    ["to nothing that waits", { approvalId: "other" }, undefined, "APPROVAL_UNKNOWN"],
  ])("%s", (_, more, by, code) => {
    const { desk, approvalId } = waitingDesk();
    expect(refusalOf(decide(desk, approvalOf(desk, approvalId, more), by))).toEqual([code]);
    expect(Object.keys(desk.state.waiting)).toEqual([approvalId]);
    expect(verdictOf(decide(desk, approvalOf(desk, approvalId))).type).toBe("permit.issued");
  });

  it("of the principal himself, and of the proposer", () => {
    for (const [own, code] of [
      [{ principal: "person:ana" }, "APPROVER_IS_PRINCIPAL"],
      [{ proposer: "person:ana" }, "APPROVER_IS_PROPOSER"],
    ] as const) {
      const desk = Desk.open([rule]);
      const ask = { ...large, ...own };
      const approvalId = desk.ask(ask).escalated?.approvalId ?? "";
      const approval = approvalOf(desk, approvalId, { intentDigest: intentDigest(intentOf(ask)) });
      expect(refusalOf(decide(desk, approval))).toEqual([code]);
    }
  });

  it("no approval at all", () => {
    const { desk } = waitingDesk();
    expect(refusalOf(desk.message("approval.decision", "operator", create(ApprovalDecisionSchema, {})))).toEqual([
      "APPROVAL_MALFORMED",
    ]);
  });
});

describe("an order that nobody was shown", () => {
  const expired = (before: (desk: Desk, approvalId: string) => void) => {
    const desk = Desk.open([rule], {}, { mode: "paper", keys: inMode(Mode.PAPER) });
    const approvalId = desk.ask({ ...large, mode: Mode.PAPER }).escalated?.approvalId ?? "";
    before(desk, approvalId);
    desk.nowMs += 120_000;
    const effects = desk.take({ kind: "timer", id: `approval:${approvalId}`, dueMs: desk.nowMs, data: { approvalId } });
    expect(verdictOf(effects).code).toBe("APPROVAL_EXPIRED");
    return effects.flatMap((effect) => (effect.kind === "alert" ? [effect.code] : []));
  };
  const show = (desk: Desk, shown: string) =>
    desk.message("approval.decision", "person:ana", create(ApprovalDecisionSchema, { account: "main", shown }));

  it("is an alert when its time is over", () => {
    expect(expired(() => {})).toEqual(["ASK_NOT_SHOWN"]);
    expect(expired((desk) => expect(show(desk, "another")).toEqual([]))).toEqual(["ASK_NOT_SHOWN"]);
  });

  it("is none where a person saw it and did not answer, said once or again, or gave a word that did not count", () => {
    const shown = (desk: Desk, approvalId: string) => {
      for (const _ of [1, 2]) expect(show(desk, approvalId)).toEqual([]);
      expect(desk.state.waiting[approvalId]?.shownTo).toEqual(["person:ana"]);
    };
    expect(expired(shown)).toEqual([]);
    expect(expired((desk, approvalId) => decide(desk, approvalOf(desk, approvalId, { haltEpoch: 9n })))).toEqual([]);
  });

  it("is none in a replay, which has a terminal of its own", () => {
    const { desk, approvalId } = waitingDesk();
    const timer = {
      kind: "timer",
      id: `approval:${approvalId}`,
      dueMs: desk.nowMs + 120_000,
      data: { approvalId },
    } as const;
    expect(desk.take(timer).map(({ kind }) => kind)).not.toContain("alert");
  });
});

describe("an order that waits ends without a permit", () => {
  it("APPROVAL_REJECTED: the person says no", () => {
    const { desk, approvalId } = waitingDesk();
    const effects = decide(desk, approvalOf(desk, approvalId, { decision: Decision.REJECT }));
    expect(verdictOf(effects).rejected).toMatchObject({ code: "APPROVAL_REJECTED", explanation: "person:ana said no" });
    expect(desk.state.waiting).toEqual({});
  });

  it("APPROVAL_EXPIRED: by its timer; a yes in that millisecond is too late, one before it is not", () => {
    const { desk, approvalId } = waitingDesk();
    const approval = approvalOf(desk, approvalId, { expiresAtMs: desk.nowMs + 1_000_000 });
    desk.nowMs += 120_000;
    expect(refusalOf(decide(desk, approval))).toEqual(["APPROVAL_EXPIRED"]);
    const timer = { kind: "timer", id: `approval:${approvalId}`, dueMs: desk.nowMs, data: { approvalId } } as const;
    expect(verdictOf(desk.take(timer)).code).toBe("APPROVAL_EXPIRED");
    expect(desk.take(timer)).toEqual([]);
    const other = waitingDesk();
    other.desk.nowMs += 119_999;
    expect(verdictOf(decide(other.desk, approvalOf(other.desk, other.approvalId))).type).toBe("permit.issued");
  });

  it("APPROVAL_OLD_EPOCH: a halt, or a resume, in between", () => {
    const { desk, approvalId } = waitingDesk();
    expect(verdictOf(desk.setFence({ ...openFence, epoch: 2n })).code).toBe("APPROVAL_OLD_EPOCH");
    expect(refusalOf(decide(desk, approvalOf(desk, approvalId)))).toEqual(["APPROVAL_UNKNOWN"]);
    // The same where the approval comes before the news.
    const other = waitingDesk();
    other.desk.fence = { ...openFence, epoch: 2n };
    expect(refusalOf(decide(other.desk, approvalOf(other.desk, other.approvalId, { haltEpoch: 2n })))).toEqual([
      "APPROVAL_OLD_EPOCH",
    ]);
  });

  it("PRICE_DRIFT: the market has left the band that the person signed; at its edge it has not", () => {
    const edge = waitingDesk();
    edge.desk.quote("AAPL", 9_990n, 10_000n);
    expect(verdictOf(decide(edge.desk, approvalOf(edge.desk, edge.approvalId))).type).toBe("permit.issued");
    const { desk, approvalId } = waitingDesk();
    desk.quote("AAPL", 9_990n, 10_001n);
    expect(verdictOf(decide(desk, approvalOf(desk, approvalId))).code).toBe("PRICE_DRIFT");
  });

  it("a limit that holds now, and did not when the person was asked", () => {
    const desk = Desk.open([
      rule,
      { metric: "position", scope: "symbol", comparator: ">", threshold: "0.6", action: "reject" },
    ]);
    const approvalId = desk.ask(large).escalated?.approvalId ?? "";
    desk.ask({ key: "small", quantity: 200n });
    expect(verdictOf(decide(desk, approvalOf(desk, approvalId))).code).toBe("POSITION_LIMIT");
  });
});
