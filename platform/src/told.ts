/**
 * What a person is told while the platform runs: a fold over the records, which gives orders, refusals, hedges, approvals and halts one
 * plain line with a short number. Everything else is counted. The same records always get the same numbers, so `why 14` means one thing.
 *
 * It believes what it is handed: whoever feeds it has checked that the sender may say so.
 */
import type { Message } from "@bufbuild/protobuf";
import {
  type ApprovalDecision,
  Decision,
  type EntryPosted,
  type Escalated,
  type Fill,
  type OrderAccepted,
  type OrderRejected,
  type OrderReported,
  OrderStatus,
  type PermitIssued,
  type Signed,
} from "@countersign/contracts";
import type { EnvelopeBody } from "@countersign/envelope";
import { type Order, orderFromIntent, priceFromWire, product, quantityFromWire } from "@countersign/orders";
import { readApproval } from "@countersign/permit";
import { peekPropose, readEntry } from "@countersign/quorum";
import { askingRules, refusingRules, ruleInShort } from "./refusing.ts";
import { atPlace, averagePrice, clause, counted, halted, nameOf, shortPermit, traded, want } from "./told-words.ts";

export interface Told {
  readonly n: number;
  readonly kind:
    | "BOUGHT"
    | "SOLD"
    | "HEDGED"
    /** An order that was let through, and that the venue gave nothing for. */
    | "UNFILLED"
    | "REFUSED"
    | "WAITING"
    | "APPROVED"
    | "REJECTED"
    | "EXPIRED"
    | "HALTED"
    | "RESUMED"
    | "INTRUDER";
  readonly atMs: number;
  readonly what: string;
  readonly because: string;
  readonly note: string;
  /** What `why` begins from: an intent key, a halt id, or the msg_id of the first refusal of an intruder. */
  readonly subject: string;
}

/** A record as it came by, opened. */
export interface Heard {
  readonly body: EnvelopeBody;
  readonly payload: Message;
  readonly attached: readonly Signed[];
}

interface Known {
  readonly order: Order;
  readonly explanation: string;
  permit: string;
  approver: string | undefined;
  isAccepted: boolean;
  filled: bigint;
  booked: bigint;
  cost: bigint;
  end: OrderReported | undefined;
  votes: number | undefined;
  isTold: boolean;
}

const OVER: ReadonlySet<OrderStatus> = new Set([
  OrderStatus.FILLED,
  OrderStatus.CANCELED,
  OrderStatus.EXPIRED,
  OrderStatus.REJECTED,
  OrderStatus.NOT_SENT,
]);

export class Narrator {
  readonly #known = new Map<string, Known>();
  readonly #waiting = new Map<string, string>();
  readonly #all: Told[] = [];
  readonly #validators: number;

  constructor(validators: number) {
    this.#validators = validators;
  }

  get all(): readonly Told[] {
    return this.#all;
  }

  /** The lines that this record is worth: usually none. */
  hear({ body, payload, attached }: Heard): readonly Told[] {
    const before = this.#all.length;
    const atMs = Number(body.sentAtMs);
    switch (body.type) {
      case "permit.issued":
        this.#permitted(payload as PermitIssued);
        break;
      case "order.rejected":
        this.#rejected(payload as OrderRejected, atMs);
        break;
      case "order.escalated":
        this.#escalated(payload as Escalated, atMs);
        break;
      case "approval.decision":
        this.#decided(payload as ApprovalDecision, atMs);
        break;
      case "order.accepted":
        this.#accepted(payload as OrderAccepted);
        break;
      case "order.filled":
        this.#filled(payload as Fill);
        break;
      case "order.reported":
        this.#reported(payload as OrderReported, atMs);
        break;
      case "ledger.entry":
        this.#booked(payload as EntryPosted, attached.length, atMs);
        break;
      case "control.entry":
        this.#controlled(payload as EntryPosted, atMs);
        break;
    }
    return this.#all.slice(before);
  }

  tell(line: Omit<Told, "n">): Told {
    const told = { n: this.#all.length + 1, ...line };
    this.#all.push(told);
    return told;
  }

  #permitted({ intentKey, intent, permit }: PermitIssued): void {
    const known = this.#know(intentKey, intent);
    if (known !== undefined) known.permit = shortPermit(permit);
  }

  #rejected({ intentKey, intent, code, rules, explanation }: OrderRejected, atMs: number): void {
    const known = this.#know(intentKey, intent);
    if (known === undefined || intentKey === undefined) return;
    const [first, ...others] = refusingRules(rules);
    this.tell({
      kind: code === "APPROVAL_EXPIRED" ? "EXPIRED" : code === "APPROVAL_REJECTED" ? "REJECTED" : "REFUSED",
      atMs,
      what: want(known.order),
      because: first === undefined ? nameOf(explanation || code || "") : ruleInShort(first),
      note: others.length === 0 ? "" : `and ${counted(others.length, "more rule")}`,
      subject: intentKey,
    });
  }

  #escalated({ intentKey, intent, approvalId, explanation, rules }: Escalated, atMs: number): void {
    const known = this.#know(intentKey, intent);
    if (known === undefined || intentKey === undefined) return;
    if (approvalId !== undefined) this.#waiting.set(approvalId, intentKey);
    const [asking] = askingRules(rules);
    this.tell({
      kind: "WAITING",
      atMs,
      what: want(known.order),
      because: asking === undefined ? (explanation ?? "") : ruleInShort(asking),
      note: "yours to decide",
      subject: intentKey,
    });
  }

  /** A no is told when Policy has ended the order. */
  #decided({ approval, reason }: ApprovalDecision, atMs: number): void {
    const said = readApproval(approval?.payload ?? new Uint8Array());
    const intentKey = this.#waiting.get(said?.approvalId ?? "");
    const known = this.#known.get(intentKey ?? "");
    if (said?.decision !== Decision.APPROVE || known === undefined || intentKey === undefined) return;
    known.approver = said.approver;
    const what = want(known.order);
    this.tell({
      kind: "APPROVED",
      atMs,
      what,
      because: reason ?? "",
      note: `by ${nameOf(said.approver)}`,
      subject: intentKey,
    });
  }

  #accepted({ intentKey, intent }: OrderAccepted): void {
    const known = this.#know(intentKey, intent);
    if (known !== undefined) known.isAccepted = true;
  }

  #filled(fill: Fill): void {
    const known = this.#known.get(fill.intentKey ?? "");
    const size = quantityFromWire(fill.lastQty);
    const at = priceFromWire(fill.lastPx);
    if (known === undefined || size === undefined || at === undefined) return;
    known.filled += size.units;
    known.cost += product(at, size, COST_SCALE).units;
  }

  #reported(report: OrderReported, atMs: number): void {
    const { intentKey, status, place } = report;
    const known = this.#known.get(intentKey ?? "");
    if (known === undefined || intentKey === undefined || status === undefined || !OVER.has(status)) return;
    // A second submission is refused where orders are accepted: that says nothing of the first.
    if (known.isAccepted && place === "accept") return;
    known.end = report;
    this.#maybeTell(intentKey, known, atMs);
  }

  #booked({ entry }: EntryPosted, votes: number, atMs: number): void {
    for (const propose of readEntry(entry ?? new Uint8Array())?.proposes ?? []) {
      const content = peekPropose(propose)?.request.content;
      if (content?.case !== "fills") continue;
      for (const fill of content.value.fills) {
        const known = this.#known.get(fill.intentKey ?? "");
        const size = quantityFromWire(fill.lastQty);
        if (known === undefined || size === undefined || fill.intentKey === undefined) continue;
        known.booked += size.units;
        known.votes = Math.min(votes, known.votes ?? votes);
        this.#maybeTell(fill.intentKey, known, atMs);
      }
    }
  }

  /** An order is told once: when it is over and every fill of it is in the ledger. */
  #maybeTell(intentKey: string, known: Known, atMs: number): void {
    const { order, filled, booked, end, votes, permit, approver } = known;
    if (known.isTold || end === undefined || booked < filled) return;
    known.isTold = true;
    const line = { atMs, subject: intentKey };
    if (filled === 0n) {
      const { status, code, place, text } = end;
      const because = text || code || "the venue gave nothing for it";
      const kind = status === OrderStatus.REJECTED ? "REFUSED" : "UNFILLED";
      this.tell({ ...line, kind, what: want(order), because, note: place === undefined ? "" : atPlace(place) });
      return;
    }
    const average = averagePrice(
      { units: known.cost, scale: COST_SCALE },
      { units: filled, scale: order.quantity.scale },
      order.limitPrice.scale,
    );
    const signed = approver === undefined ? "" : ` · signed by ${nameOf(approver)}`;
    this.tell({
      ...line,
      kind: order.proposer === "hedger" ? "HEDGED" : order.side === "BUY" ? "BOUGHT" : "SOLD",
      what: traded(order, filled, average),
      because: clause(known.explanation),
      note: `permit ${permit} · votes ${votes ?? 0}/${this.#validators}${signed}`,
    });
  }

  #controlled({ entry }: EntryPosted, atMs: number): void {
    for (const propose of readEntry(entry ?? new Uint8Array())?.proposes ?? []) {
      const content = peekPropose(propose)?.request.content;
      if (content?.case === "halt") {
        const { haltId, level, scope, reason, by } = content.value;
        const note = by === undefined ? "" : `by ${nameOf(by)}`;
        const line = { atMs, what: halted(level, scope), because: reason ?? "", note };
        this.tell({ ...line, kind: "HALTED", subject: haltId ?? "" });
      }
      if (content?.case === "resume" && !content.value.haltIds.includes("birth")) {
        const { haltIds, reason, signatures } = content.value;
        const what = `${counted(haltIds.length, "halt")} released`;
        const line = { atMs, what, because: reason ?? "", note: counted(signatures.length, "signature") };
        this.tell({ ...line, kind: "RESUMED", subject: haltIds[0] ?? "" });
      }
    }
  }

  #know(intentKey: string | undefined, bytes: Uint8Array | undefined): Known | undefined {
    const seen = this.#known.get(intentKey ?? "");
    if (seen !== undefined) return seen;
    const read = orderFromIntent(bytes ?? new Uint8Array());
    if (!read.ok || intentKey === undefined) return undefined;
    const known: Known = {
      order: read.order,
      explanation: read.intent.explanation ?? "",
      permit: "—",
      approver: undefined,
      isAccepted: false,
      filled: 0n,
      booked: 0n,
      cost: 0n,
      end: undefined,
      votes: undefined,
      isTold: false,
    };
    this.#known.set(intentKey, known);
    return known;
  }
}

const COST_SCALE = 9;
