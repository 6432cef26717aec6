// Who shows orders to people reads two topics, and believes only what is signed by whom it should be.
import { create } from "@bufbuild/protobuf";
import { type ApprovalRequest, ApprovalRequestSchema, Decision, Mode } from "@countersign/contracts";
import { intentDigest } from "@countersign/permit";
import { expect, it } from "vitest";
import { intentOf } from "../agents/execution/test/world.ts";
import { ApprovalBook } from "../platform/src/approval-book.ts";
import { ADA, BOB, type FirmOptions } from "./promises/support/p01-firm.ts";
import { Floor } from "./promises/support/p01-floor.ts";

/** Policy asks a person above 40,000. */
const large = (intentKey: string) => intentOf({ mode: Mode.REPLAY, intentKey, quantity: { units: 250n, scale: 0 } });

async function reading(options: FirmOptions = {}): Promise<{ floor: Floor; book: ApprovalBook }> {
  const floor = await Floor.open(options);
  const book = new ApprovalBook({ keys: floor.fence.keys, mode: Mode.REPLAY, instruments: floor.firm.instruments });
  const topics = ["approvals.request.v1", "approvals.decision.v1"];
  const as = { kind: "every", name: "shown" } as const;
  const bounds = { from: "earliest", maxInFlightBytes: 1_000_000, maxProcessingMs: 30_000 } as const;
  await floor.bus.subscribe({ topics, as, ...bounds }, ({ records }) => {
    for (const { topic, value, key } of records) book.take(topic, value, key, floor.scheduler.nowMs());
    return { through: records.at(-1)!.offset };
  });
  return { floor, book };
}

const now = (floor: Floor) => ({ nowMs: floor.scheduler.nowMs(), epoch: floor.fence.state().epoch });

async function asked(floor: Floor, intentKey = "large"): Promise<ApprovalRequest> {
  expect(await floor.propose(large(intentKey))).toMatchObject({ type: "order.escalated" });
  return floor.last("approval.request")?.payload as ApprovalRequest;
}

it("an order that waits is shown in the words of its own bytes, with Policy's reason, until it is answered", async () => {
  const { floor, book } = await reading();
  const request = await asked(floor);
  expect(book.waiting(now(floor))).toMatchObject([
    {
      approvalId: request.approvalId,
      words: expect.stringMatching(
        /^BUY 250 AAPL at 190\.00 USD or better.* for strategy:trend@ab12, proposed by portfolio$/,
      ),
      why: expect.stringMatching(/^order 47,500\.00 USD, limit 40,000 USD/),
      needed: 1,
      approvedBy: [],
    },
  ]);
  await floor.approve(request, ADA);
  expect(book.waiting(now(floor))).toEqual([]);
});

it("that it was shown is told to Policy by the person's own envelope, once, and answers nothing", async () => {
  const { floor, book } = await reading();
  const request = await asked(floor);
  for (const _ of [1, 2]) await floor.say(ADA, floor.person(ADA).shown(request, "main"));
  expect((await floor.policyState()).waiting[request.approvalId ?? ""]?.shownTo).toEqual([ADA]);
  expect(book.waiting(now(floor))).toMatchObject([{ approvalId: request.approvalId, approvedBy: [] }]);
  expect(floor.count("permit.issued") + floor.count("order.rejected") + floor.count("decision.refused")).toBe(0);
});

it("a no takes it away, as does the end of its time, and any halt", async () => {
  const { floor, book } = await reading();
  const request = await asked(floor);
  const expired = { ...now(floor), nowMs: Number(request.expiresAtMs) };
  expect([book.waiting(now(floor)).length, book.waiting(expired).length]).toEqual([1, 0]);
  expect(book.waiting({ ...now(floor), epoch: now(floor).epoch + 1n })).toEqual([]);
  await floor.approve(request, BOB, { decision: Decision.REJECT });
  expect(book.waiting(now(floor))).toEqual([]);
});

it("who is nobody's approver, or speaks in another's name, changes nothing that is shown", async () => {
  const { floor, book } = await reading();
  const request = await asked(floor);
  await floor.approve(request, ADA, { approver: BOB });
  expect(book.waiting(now(floor)).length).toBe(1);
});

it("what is not what it says of itself is shown to nobody", async () => {
  const { floor, book } = await reading();
  await asked(floor);
  const intent = large("another");
  const fields = { intent, intentDigest: intentDigest(large("large")), approvalId: "x", expiresAtMs: 1n << 50n };
  const forged = create(ApprovalRequestSchema, { ...fields, haltEpoch: now(floor).epoch, words: "SELL 1 AAPL" });
  // Portfolio may not ask anybody; Policy itself may not show other bytes than it asks to sign.
  for (const sender of ["portfolio", "policy"])
    await floor.say(sender, { topic: "approvals.request.v1", type: "approval.request", payload: forged });
  expect(book.waiting(now(floor)).map(({ approvalId }) => approvalId)).not.toContain("x");
  const honest = create(ApprovalRequestSchema, { ...forged, intentDigest: intentDigest(intent) });
  await floor.say("policy", { topic: "approvals.request.v1", type: "approval.request", payload: honest });
  const shown = book.waiting(now(floor)).find(({ approvalId }) => approvalId === "x");
  expect(shown).toMatchObject({
    words: expect.stringMatching(/^BUY 250 AAPL/),
    why: "Policy says another thing of it: SELL 1 AAPL",
  });
});
