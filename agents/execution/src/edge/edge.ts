import type { Edge, EdgeReport } from "@countersign/runtime";
import type { Act } from "../core/acts.ts";
import type { EdgeInput, OrderNews, Reconciled } from "../core/edge-input.ts";
import type { Gate } from "./gate.ts";

export type ExecutionEdge = Required<Pick<Edge, "started" | "onMarket" | "act">>;

/**
 * Carries out what the core wants done, and reports what came of it. It decides nothing, and reaches the venue by the gate alone.
 * `session` names this life of it, and so its first report.
 */
export function makeEdge(gate: Gate, session: string): ExecutionEdge {
  // Two reports of one kind about one order, such as of two cancels, are two reports.
  let count = 0;
  const report = (input: EdgeInput, id = `${++count}`): EdgeReport[] => [{ id, ...input }];
  const reports = (news: readonly OrderNews[]): EdgeReport[] =>
    news.length === 0 ? [] : report({ name: "reports", data: { reports: news } });

  return {
    started: () => report({ name: "started", data: { working: gate.openOrders() } }, session),
    onMarket: (message) => reports(gate.onMarket(message)),
    act(name, data) {
      const act = { name, data } as Act;
      switch (act.name) {
        case "send": {
          const result = gate.send(act.data);
          if (result.ok) return reports(result.reports);
          const { clientOrderId } = act.data.order;
          return reports([{ type: "refused", clientOrderId, code: result.code, text: result.text }]);
        }
        case "cancel":
          return reports(gate.cancel(act.data.clientOrderId));
        case "latches":
          gate.latch(act.data.latches);
          return [];
        case "reconcile":
          return report({ name: "reconciled", data: reconcile(gate, act.data.clientOrderIds) });
      }
    },
  };
}

function reconcile(gate: Gate, clientOrderIds: readonly string[]): Reconciled {
  const orders = clientOrderIds.map((clientOrderId) => ({ clientOrderId, reports: gate.query(clientOrderId) ?? null }));
  const strays = gate.openOrders().filter((id) => !clientOrderIds.includes(id));
  return { orders, strays };
}
