/** Why an order was made, refused or asked about, and what came of it: from the quote to the ledger. */
import type {
  ApprovalDecision,
  Escalated,
  Fill,
  HedgePlaced,
  OrderAccepted,
  OrderRejected,
  OrderReported,
  PermitIssued,
} from "@countersign/contracts";
import { orderFromIntent } from "@countersign/orders";
import { readApproval } from "@countersign/permit";
import { entriesOf, entryStep } from "./entry.ts";
import type { Evidence, Recorded } from "./evidence.ts";
import { acceptedStep, fillSteps, hedgeStep, reportSteps } from "./execution.ts";
import type { WhyStep } from "./node.ts";
import { approvalStep, escalatedStep, permitSteps, rejectedStep } from "./verdict.ts";
import { causeSteps, intentStep } from "./wish.ts";

/** Every step of one intent, as far as it got. */
export function orderSteps(intentKey: string, evidence: Evidence): readonly WhyStep[] {
  const own = evidence.records.filter(({ payload }) => "intentKey" in payload && payload.intentKey === intentKey);
  const read = orderFromIntent(intentOf(own) ?? new Uint8Array());
  const about = [...own, ...decisionsOn(own, evidence), ...entriesOf(own, evidence)];
  const place = new Map(evidence.records.map((record, n) => [record, n]));
  const inOrder = about.toSorted((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  return [
    ...(read.ok ? [...causeSteps(read.intent, evidence), intentStep(read.order, read.intent)] : []),
    ...inOrder.flatMap((record) =>
      record.body.type === "ledger.entry" ? [entryStep(record, own, evidence)] : stepsOf(record, evidence),
    ),
  ];
}

function stepsOf({ body, payload }: Recorded, evidence: Evidence): readonly WhyStep[] {
  const at = { atMs: Number(body.sentAtMs), record: body.msgId };
  switch (body.type) {
    case "permit.issued":
      return permitSteps(payload as PermitIssued, at);
    case "order.rejected":
      return [rejectedStep(payload as OrderRejected, at)];
    case "order.escalated":
      return [escalatedStep(payload as Escalated, at)];
    case "approval.decision":
      return [approvalStep(payload as ApprovalDecision, at)];
    case "order.accepted":
      return [acceptedStep(payload as OrderAccepted, at)];
    case "order.reported":
      return reportSteps(payload as OrderReported, at);
    case "hedge.placed":
      return [hedgeStep(payload as HedgePlaced, at)];
    case "order.filled":
      return fillSteps(payload as Fill, at, evidence);
    default:
      return [];
  }
}

/** What a person answered to a request about this intent. */
function decisionsOn(own: readonly Recorded[], { records }: Evidence): readonly Recorded[] {
  const asked = new Set(
    own.flatMap(({ body, payload }) => (body.type === "order.escalated" ? [(payload as Escalated).approvalId] : [])),
  );
  return records.filter(({ body, payload }) => {
    if (body.type !== "approval.decision") return false;
    const said = readApproval((payload as ApprovalDecision).approval?.payload ?? new Uint8Array());
    return said !== undefined && asked.has(said.approvalId);
  });
}

function intentOf(own: readonly Recorded[]): Uint8Array | undefined {
  const verdict = own.find(({ payload }) => "intent" in payload && payload.intent instanceof Uint8Array);
  return (verdict?.payload as { intent?: Uint8Array } | undefined)?.intent;
}
