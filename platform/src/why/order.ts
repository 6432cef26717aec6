/** Why an order was made, refused or asked about, and what came of it: from the quote to the ledger. */
import type {
  ApprovalDecision,
  Escalated,
  Fill,
  HedgePlaced,
  OrderAccepted,
  OrderIntent,
  OrderRejected,
  OrderReported,
  PermitIssued,
  RuleResult,
  Signal,
} from "@countersign/contracts";
import { Decision, OrderStatus } from "@countersign/contracts";
import {
  formatFixed,
  moneyFromWire,
  type Order,
  orderFromIntent,
  priceFromWire,
  quantityFromWire,
} from "@countersign/orders";
import { readApproval, readPermit } from "@countersign/permit";
import { askingRules, refusingRules } from "../refusing.ts";
import { nameOf, want } from "../told-words.ts";
import { bookedSteps } from "./entry.ts";
import { type Evidence, quoteStep, type Recorded } from "./evidence.ts";
import { fact, facts, hex, judged, number, percent, time, UNKNOWN, type WhyStep } from "./node.ts";

/** Every step of one intent, as far as it got. */
export function orderSteps(intentKey: string, evidence: Evidence): readonly WhyStep[] {
  const own = evidence.records.filter(({ payload }) => "intentKey" in payload && payload.intentKey === intentKey);
  const read = orderFromIntent(intentOf(own) ?? new Uint8Array());
  const approvals = decisionsOn(own, evidence);
  return [
    ...(read.ok ? [...causeSteps(read.intent, evidence), intentStep(read.order, read.intent)] : []),
    ...[...own, ...approvals]
      .toSorted((a, b) => evidence.records.indexOf(a) - evidence.records.indexOf(b))
      .flatMap((record) => stepsOf(record, evidence)),
    ...bookedSteps(own, evidence),
  ];
}

function stepsOf(record: Recorded, evidence: Evidence): readonly WhyStep[] {
  const { body, payload } = record;
  const at = { atMs: Number(body.sentAtMs), record: body.msgId };
  switch (body.type) {
    case "permit.issued":
      return permitSteps(payload as PermitIssued, at);
    case "order.rejected": {
      const { code, explanation, rules } = payload as OrderRejected;
      return [
        { step: "policy", text: `refused, ${code ?? UNKNOWN}: ${explanation ?? UNKNOWN}`, ...at, rules: sorted(rules) },
      ];
    }
    case "order.escalated": {
      const { explanation, rules, expiresAtMs } = payload as Escalated;
      const text = `asks a person, until ${time(expiresAtMs)}: ${explanation ?? UNKNOWN}`;
      return [{ step: "policy", text, ...at, rules: sorted(rules) }];
    }
    case "approval.decision":
      return [approvalStep(payload as ApprovalDecision, at)];
    case "order.accepted": {
      const { clientOrderId, venue, permitId } = payload as OrderAccepted;
      const ids = [fact("client order id", clientOrderId), fact("permit", permitId)];
      return [
        { step: "order", text: `accepted for the venue ${venue ?? UNKNOWN}; its permit is spent`, ...at, facts: ids },
      ];
    }
    case "order.reported":
      return reportSteps(payload as OrderReported, at);
    case "hedge.placed": {
      const { trigger, explanation, exposure } = payload as HedgePlaced;
      const uncovered = moneyFromWire(exposure);
      const amount = uncovered === undefined ? undefined : `${formatFixed(uncovered)} ${uncovered.currency}`;
      return [
        {
          step: "hedge",
          text: `${trigger ?? UNKNOWN}: ${explanation ?? UNKNOWN}`,
          ...at,
          facts: [fact("exposure", amount)],
        },
      ];
    }
    case "order.filled":
      return fillSteps(payload as Fill, at, evidence);
    default:
      return [];
  }
}

interface At {
  readonly atMs: number;
  readonly record: string;
}

/** What the intent follows from: a signal and its quote, or for a hedge the fill or the market that moved the exposure. */
function causeSteps(intent: OrderIntent, evidence: Evidence): readonly WhyStep[] {
  const cause = evidence.records.find(({ body }) => body.msgId === intent.signalId);
  const known = new Set<string>();
  const quotes = (refs: readonly OrderIntent["quotes"][number][], text?: string) =>
    refs.flatMap((ref) => {
      if (known.has(ref.msgId ?? "")) return [];
      known.add(ref.msgId ?? "");
      return [quoteStep(ref, evidence, text)];
    });
  if (cause?.body.type === "market.signal") {
    const signal = cause.payload as Signal;
    return [
      ...quotes(signal.quote === undefined ? [] : [signal.quote]),
      signalStep(signal, cause),
      ...quotes(intent.quotes, ", seen when it was proposed"),
    ];
  }
  return [causeStep(intent, cause, evidence), ...quotes(intent.quotes)];
}

function signalStep(signal: Signal, { body }: Recorded): WhyStep {
  const [, ...others] = signal.scores;
  const said = [
    fact("direction", number(signal.direction)),
    fact("confidence", number(signal.confidence)),
    fact("expected return", percent(signal.expectedReturn)),
    ...facts(signal.features),
  ];
  const heard = others.map(({ strategy, score, confidence }) =>
    fact(`beside ${nameOfStrategy(strategy)}`, `score ${number(score)}, confidence ${number(confidence)}`),
  );
  const text = `${nameOfStrategy(signal.strategy)}: ${signal.explanation ?? UNKNOWN}`;
  return { step: "signal", text, atMs: Number(body.sentAtMs), record: body.msgId, facts: [...said, ...heard] };
}

function causeStep({ signalId }: OrderIntent, cause: Recorded | undefined, { told }: Evidence): WhyStep {
  const text = () => {
    if (cause === undefined) return "a closed bar moved the exposure";
    if (cause.body.type !== "order.filled") return `it follows from ${cause.body.type} of ${cause.body.sender}`;
    const { intentKey, symbol } = cause.payload as Fill;
    const line = told.find(({ kind, subject }) => subject === intentKey && ORDER_LINES.has(kind));
    return `a fill of ${symbol ?? UNKNOWN}${line === undefined ? "" : `, #${line.n},`} moved the exposure`;
  };
  return {
    step: "cause",
    text: text(),
    ...(cause && { atMs: Number(cause.body.sentAtMs) }),
    ...(signalId !== undefined && { record: signalId }),
  };
}

const ORDER_LINES: ReadonlySet<string> = new Set(["BOUGHT", "SOLD", "HEDGED"]);

function intentStep(order: Order, intent: OrderIntent): WhyStep {
  const worst = order.side === "BUY" ? "at most" : "at least";
  const { proposer, principal, confidence, expectedReturn, explanation, decidedAtMs, attempt, reduceOnly } = intent;
  return {
    step: "intent",
    text: `${proposer ?? UNKNOWN} wants to ${want(order)} at ${worst} ${formatFixed(order.limitPrice)}${reduceOnly ? ", only to reduce" : ""}: ${explanation ?? UNKNOWN}`,
    ...(decidedAtMs !== undefined && { atMs: Number(decidedAtMs) }),
    facts: [
      fact("intent key", intent.intentKey),
      fact("on behalf of", principal),
      fact("band", `${formatFixed(order.bandLow)} … ${formatFixed(order.bandHigh)}, ${order.timeInForce}`),
      fact("confidence", number(confidence)),
      fact("expected return", percent(expectedReturn)),
      fact("attempt", attempt === undefined ? undefined : String(attempt + 1)),
      ...facts(intent.features),
    ],
  };
}

function permitSteps({ permit, explanation, rules, approvals, reserved }: PermitIssued, at: At): readonly WhyStep[] {
  const read = readPermit(permit?.payload ?? new Uint8Array());
  const amount = moneyFromWire(reserved);
  return [
    { step: "policy", text: `permits: ${explanation ?? UNKNOWN}`, ...at, rules: sorted(rules) },
    {
      step: "permit",
      text: `good for one use until ${time(read?.expiresAtMs)}${approvals.length === 0 ? "" : `, with ${approvals.length} approval`}`,
      ...at,
      facts: [
        fact("permit", read?.permitId),
        fact("signature", hex(permit?.signatures[0]?.sig).slice(0, SHORT_SIGNATURE)),
        fact("intent digest", hex(read?.intentDigest)),
        fact("policy version", hex(read?.policyVersion)),
        fact("halt epoch", read?.haltEpoch.toString()),
        fact("reserved", amount === undefined ? undefined : `${formatFixed(amount)} ${amount.currency}`),
      ],
    },
  ];
}

const SHORT_SIGNATURE = 16;

function approvalStep({ approval, reason }: ApprovalDecision, at: At): WhyStep {
  const said = readApproval(approval?.payload ?? new Uint8Array());
  const verb = said === undefined ? UNKNOWN : said.decision === Decision.APPROVE ? "approved" : "rejected";
  const facts = [fact("approval", said?.approvalId), fact("halt epoch", said?.haltEpoch.toString())];
  return {
    step: "approval",
    text: `${verb} by ${nameOf(said?.approver ?? UNKNOWN)}${reason ? `: ${reason}` : ""}`,
    ...at,
    facts,
  };
}

function reportSteps({ status, code, place, text, cumQty, leavesQty }: OrderReported, at: At): readonly WhyStep[] {
  if (status === undefined || status === OrderStatus.NEW) return [];
  const said = text || code;
  const where = place === undefined ? "" : ` at the ${place}`;
  const size = (quantity: OrderReported["cumQty"]) => {
    const read = quantityFromWire(quantity);
    return read === undefined ? UNKNOWN : formatFixed(read);
  };
  const facts = [fact("filled", size(cumQty)), fact("left", size(leavesQty))];
  const word = OrderStatus[status].toLowerCase().replaceAll("_", " ");
  return [{ step: "order", text: `${word}${where}${said ? `: ${said}` : ""}`, ...at, facts }];
}

function fillSteps(fill: Fill, at: At, evidence: Evidence): readonly WhyStep[] {
  const [size, paid, fee] = [
    quantityFromWire(fill.lastQty),
    priceFromWire(fill.lastPx),
    moneyFromWire(fill.commission),
  ];
  const [quantity, cost] = [
    size === undefined ? UNKNOWN : formatFixed(size),
    paid === undefined ? UNKNOWN : formatFixed(paid),
  ];
  const commission = fee === undefined ? undefined : `${formatFixed(fee)} ${fee.currency}`;
  return [
    ...(fill.quote === undefined ? [] : [quoteStep(fill.quote, evidence, ", which it traded against")]),
    {
      step: "fill",
      text: `${quantity} ${fill.symbol ?? UNKNOWN} @ ${cost}`,
      ...at,
      facts: [fact("commission", commission), fact("execution", fill.executionId), fact("fill", fill.fillId)],
    },
  ];
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

/** Those that decided first, then what else was breached, then the table. */
function sorted(rules: readonly RuleResult[]) {
  const first = [...refusingRules(rules), ...askingRules(rules)];
  const breached = rules.filter((rule) => rule.breached === true && !first.includes(rule));
  const rest = rules.filter((rule) => !first.includes(rule) && !breached.includes(rule));
  return [...first, ...breached, ...rest].map(judged);
}

function nameOfStrategy(id: string | undefined): string {
  return id?.replace(/^strategy:/, "") ?? UNKNOWN;
}
