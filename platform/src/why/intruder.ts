/** What an intruder tried, as those recorded it who refused him: all of it happened at one decision time. */
import { type OrderReported, OrderStatus, type Refused } from "@countersign/contracts";
import type { Told } from "../told.ts";
import type { Evidence } from "./evidence.ts";
import { fact, UNKNOWN, type WhyStep } from "./node.ts";

export function intruderSteps({ atMs, what }: Told, { records }: Evidence): readonly WhyStep[] {
  const refusals = records.flatMap(({ body, payload }): readonly WhyStep[] => {
    if (Number(body.sentAtMs) !== atMs) return [];
    const at = { atMs, record: body.msgId };
    if (body.type === "decision.refused") {
      const { code, place, sender, type, explanation, subject } = payload as Refused;
      const text = `${code ?? UNKNOWN} at ${place ?? UNKNOWN}: ${type ?? UNKNOWN} in the name of ${sender ?? UNKNOWN}`;
      return [{ step: "refused", text, ...at, facts: [fact("because", explanation), fact("subject", subject)] }];
    }
    const { status, code, place, text: said, clientOrderId } = payload as OrderReported;
    if (body.type !== "order.reported" || status !== OrderStatus.REJECTED) return [];
    const text = `${code ?? UNKNOWN} at ${place ?? UNKNOWN}: an order`;
    return [{ step: "refused", text, ...at, facts: [fact("because", said), fact("client order id", clientOrderId)] }];
  });
  return [...refusals, { step: "totals", text: `${what}; ${refusals.length} refusals on record at that moment` }];
}
