/**
 * What a person is told while the platform runs: a fold over the records, which gives orders, refusals, hedges, approvals and halts one
 * plain line with a short number. Everything else is counted. The same records always get the same numbers, so `why 14` means one thing.
 */
import type { Message } from "@bufbuild/protobuf";
import {
  type ApprovalDecision,
  Decision,
  type EntryPosted,
  type Escalated,
  type Fill,
  type OrderRejected,
  type OrderReported,
  OrderStatus,
  type PermitIssued,
  type Signed,
} from "@countersign/contracts";
import type { EnvelopeBody } from "@countersign/envelope";
import {
  formatFixed,
  type Order,
  orderFromIntent,
  price,
  priceFromWire,
  product,
  quantityFromWire,
} from "@countersign/orders";
import { readApproval } from "@countersign/permit";
import { peekPropose, readEntry } from "@countersign/quorum";

export interface Told {
  readonly n: number;
  readonly kind:
    | "BOUGHT"
    | "SOLD"
    | "HEDGED"
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
  /** What `why` begins from: an intent key or a msg_id. */
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
  approved: boolean;
  filled: bigint;
  booked: bigint;
  cost: bigint;
  isOver: boolean;
  votes: number;
  told: boolean;
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

  #permitted({ intentKey, intent, permit, approvals }: PermitIssued): void {
    const known = this.#know(intentKey, intent);
    if (known === undefined || intentKey === undefined) return;
    known.permit = short(permit);
    if (approvals.length > 0) known.approved = true;
  }

  #rejected({ intentKey, intent, code, rules, explanation }: OrderRejected, atMs: number): void {
    const known = this.#know(intentKey, intent);
    if (known === undefined || intentKey === undefined) return;
    const breached = rules.find((rule) => rule.breached === true && rule.action !== "warn");
    const kind = code === "APPROVAL_EXPIRED" ? "EXPIRED" : code === "APPROVAL_REJECTED" ? "REJECTED" : "REFUSED";
    const because = breached?.explanation || explanation || code || "";
    this.tell({
      kind,
      atMs,
      what: want(known.order),
      because,
      note: kind === "REFUSED" ? "" : "nobody signed",
      subject: intentKey,
    });
  }

  #escalated({ intentKey, intent, explanation, rules }: Escalated, atMs: number): void {
    const known = this.#know(intentKey, intent);
    if (known === undefined || intentKey === undefined) return;
    const asking = rules.find((rule) => rule.breached === true && rule.action === "escalate");
    this.tell({
      kind: "WAITING",
      atMs,
      what: want(known.order),
      because: asking?.explanation || explanation || "",
      note: "yours to decide",
      subject: intentKey,
    });
  }

  #decided({ approval, reason }: ApprovalDecision, atMs: number): void {
    const said = readApproval(approval?.payload ?? new Uint8Array());
    if (said?.decision !== Decision.APPROVE) return;
    this.tell({
      kind: "APPROVED",
      atMs,
      what: `by ${said.approver}`,
      because: reason ?? "",
      note: "",
      subject: said.approvalId,
    });
  }

  #filled(fill: Fill): void {
    const known = this.#known.get(fill.intentKey ?? "");
    const size = quantityFromWire(fill.lastQty);
    const at = priceFromWire(fill.lastPx);
    if (known === undefined || size === undefined || at === undefined) return;
    known.filled += size.units;
    known.cost += product(at, size, COST_SCALE).units;
  }

  #reported({ intentKey, status }: OrderReported, atMs: number): void {
    const known = this.#known.get(intentKey ?? "");
    if (known === undefined || intentKey === undefined || status === undefined || !OVER.has(status)) return;
    known.isOver = true;
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
        known.votes = votes;
        this.#maybeTell(fill.intentKey, known, atMs);
      }
    }
  }

  /** An order is told once: when it is over and every fill of it is in the ledger. */
  #maybeTell(intentKey: string, known: Known, atMs: number): void {
    const { order, filled, booked, isOver, told } = known;
    if (told || !isOver || filled === 0n || booked < filled) return;
    known.told = true;
    const kind = order.proposer === "hedger" ? "HEDGED" : order.side === "BUY" ? "BOUGHT" : "SOLD";
    const size = formatFixed({ units: filled, scale: order.quantity.scale });
    const sign = order.side === "SELL" ? "−" : order.proposer === "hedger" ? "+" : "";
    const average = formatFixed(averageOf(known));
    const note = `permit ${known.permit} · votes ${known.votes}/${this.#validators}${known.approved ? " · signed by you" : ""}`;
    this.tell({
      kind,
      atMs,
      what: `${sign}${trim(size)} ${order.symbol} @ ${average}`,
      because: known.explanation,
      note,
      subject: intentKey,
    });
  }

  #controlled({ entry }: EntryPosted, atMs: number): void {
    for (const propose of readEntry(entry ?? new Uint8Array())?.proposes ?? []) {
      const content = peekPropose(propose)?.request.content;
      if (content?.case === "halt") {
        const { haltId, level, scope, reason, by } = content.value;
        this.tell({
          kind: "HALTED",
          atMs,
          what: `level ${level}, ${scope}`,
          because: reason ?? "",
          note: `by ${by}`,
          subject: haltId ?? "",
        });
      }
      if (content?.case === "resume" && !content.value.haltIds.includes("birth")) {
        const { reason, signatures } = content.value;
        this.tell({
          kind: "RESUMED",
          atMs,
          what: `${content.value.haltIds.length} halt(s) released`,
          because: reason ?? "",
          note: `${signatures.length} signature(s)`,
          subject: content.value.haltIds[0] ?? "",
        });
      }
    }
  }

  #know(intentKey: string | undefined, bytes: Uint8Array | undefined): Known | undefined {
    const seen = this.#known.get(intentKey ?? "");
    if (seen !== undefined) return seen;
    const read = orderFromIntent(bytes ?? new Uint8Array());
    if (!read.ok || intentKey === undefined) return undefined;
    const explanation = read.intent.explanation ?? "";
    const known: Known = {
      order: read.order,
      explanation,
      permit: "",
      approved: false,
      filled: 0n,
      booked: 0n,
      cost: 0n,
      isOver: false,
      votes: 0,
      told: false,
    };
    this.#known.set(intentKey, known);
    return known;
  }
}

const COST_SCALE = 9;

function averageOf({ order, filled, cost }: Known) {
  const { scale } = order.limitPrice;
  const exponent = BigInt(COST_SCALE - order.quantity.scale - scale);
  const units = exponent >= 0n ? cost / 10n ** exponent / filled : (cost * 10n ** -exponent) / filled;
  return price(units, scale);
}

function want({ side, quantity, symbol }: Order): string {
  return `${side.toLowerCase()} ${trim(formatFixed(quantity))} ${symbol}`;
}

function short(permit: Signed | undefined): string {
  const sig = permit?.signatures[0]?.sig;
  return sig === undefined ? "none" : Buffer.from(sig).toString("hex").slice(0, 4);
}

function trim(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}
