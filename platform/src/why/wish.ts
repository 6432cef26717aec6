/** What somebody wanted, and what it followed from. */
import type { Fill, OrderIntent, Signal } from "@countersign/contracts";
import { formatFixed, type Order } from "@countersign/orders";
import { want } from "../told-words.ts";
import { type Evidence, quoteStep, type Recorded } from "./evidence.ts";
import { fact, facts, number, percent, UNKNOWN, type WhyStep } from "./node.ts";

/** What the intent follows from: a signal and its quote, or for a hedge the fill or the market that moved the exposure. */
export function causeSteps(intent: OrderIntent, evidence: Evidence): readonly WhyStep[] {
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
  const others = signal.scores.filter(({ strategy }) => strategy !== signal.strategy);
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
  // A bar is no record: its id is all that is known of it here.
  return {
    step: "cause",
    text: text(),
    ...(cause === undefined
      ? { facts: [fact("bar", signalId)] }
      : { atMs: Number(cause.body.sentAtMs), record: cause.body.msgId }),
  };
}

const ORDER_LINES: ReadonlySet<string> = new Set(["BOUGHT", "SOLD", "HEDGED"]);

export function intentStep(order: Order, intent: OrderIntent): WhyStep {
  const worst = order.side === "BUY" ? "at most" : "at least";
  const { proposer, principal, confidence, expectedReturn, explanation, decidedAtMs, attempt, reduceOnly } = intent;
  return {
    step: "intent",
    text: `${proposer ?? UNKNOWN} wants to ${want(order)}, ${worst} ${formatFixed(order.limitPrice)}${reduceOnly ? ", only to reduce" : ""}: ${explanation ?? UNKNOWN}`,
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

function nameOfStrategy(id: string | undefined): string {
  return id?.replace(/^strategy:/, "") ?? UNKNOWN;
}
