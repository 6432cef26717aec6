/**
 * What the venue says of an order belongs to the order's trace: Execution's edge tells under which client order id it wrote, and what
 * comes back by the venue's line names it. Kept in memory: of an order that an earlier process wrote, the reports begin a trace of their own.
 */
import type { Edge, EdgeReport } from "@countersign/runtime";

/** Orders that are remembered: far more than are open at a time. */
const ORDERS_MAX = 10_000;

export class OrderTraces {
  /** Correlation id by client order id, the oldest first. */
  readonly #known = new Map<string, string>();

  /** The same edge; what it writes is remembered. */
  around(edge: Edge): Edge {
    const { act } = edge;
    if (act === undefined) return edge;
    return {
      ...edge,
      act: (name, data, cause) => {
        const { order } = data as Partial<{ order: { clientOrderId?: string } }>;
        if (order?.clientOrderId !== undefined && cause !== undefined)
          this.#remember(order.clientOrderId, cause.correlationId);
        return act.call(edge, name, data, cause).map((report) => this.place(report));
      },
    };
  }

  /** The same report, of the trace of the first order that it is about. */
  place(report: EdgeReport): EdgeReport {
    const { reports = [] } = report.data as Partial<{ reports: readonly { clientOrderId?: string }[] }>;
    for (const { clientOrderId = "" } of reports) {
      const correlationId = this.#known.get(clientOrderId);
      if (correlationId !== undefined) return { ...report, correlationId };
    }
    return report;
  }

  #remember(clientOrderId: string, correlationId: string): void {
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= ORDERS_MAX) this.#known.delete(oldest);
    this.#known.set(clientOrderId, correlationId);
  }
}
