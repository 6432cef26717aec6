import type { Edge, EdgeReport } from "@countersign/runtime";
import type { Act } from "../core/acts.ts";
import type { EdgeInput, OrderNews } from "../core/edge-input.ts";
import type { Gate } from "./gate.ts";
import type { Looked } from "./looked.ts";
import type { Line } from "./venue.ts";

export type ExecutionEdge = Required<Pick<Edge, "started" | "onMarket" | "tick" | "act">>;

/** What comes from a venue elsewhere. Opened before the agent's host starts, closed after it. */
export interface ExecutionLine {
  /**
   * `report` puts what was heard before the agent: its host's. Each is awaited before the next, so that a fill is in the store before
   * the one after it is taken; what it throws, the venue's line throws away, and tells `failed`: the process has to end and to start
   * again, and the venue is asked.
   */
  open(report: (report: EdgeReport) => Promise<void>, failed: (error: unknown) => void): void;
  /** For the probe, and for the operator's eyes: what keeps the venue from being ready; undefined when it is. */
  whyNot(): string | undefined;
  close(): void;
}

/**
 * Carries out what the core wants done, and reports what came of it. It decides nothing, and reaches the venue by the gate alone.
 * `session` names this life of it, and so its first report.
 */
export function makeEdge(gate: Gate, session: string, looked: Looked, remote = false): ExecutionEdge {
  // Two reports of one kind about one order, such as of two cancels, are two reports.
  let count = 0;
  let looks = 0;
  const report = (input: EdgeInput, id = `${++count}`): EdgeReport[] => [{ id, ...input }];
  const reports = (news: readonly OrderNews[]): EdgeReport[] =>
    news.length === 0 ? [] : report({ name: "reports", data: { reports: news } });

  return {
    started() {
      const data = { working: gate.openOrders(), ...(remote && ({ remote } as const)) };
      return report({ name: "started", data }, session);
    },
    onMarket: (message) => reports(gate.onMarket(message)),
    tick() {
      const look = gate.look();
      if (look === undefined) return [];
      looked.looked();
      // Counted apart: what matches leaves no trace, not even in the ids of what follows.
      return report({ name: "looked", data: look }, `look ${++looks}`);
    },
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
        case "found":
          looked.found(act.data);
          return [];
        case "reconcile": {
          const reconciled = gate.reconcile(act.data);
          return reconciled === undefined ? [] : report({ name: "reconciled", data: reconciled });
        }
      }
    },
  };
}

/** The line as its process opens it: what is heard has ids that tell this life of the process from every other. */
export function makeLine(line: Line, session: string, looked: Looked): ExecutionLine {
  let count = 0;
  return {
    open(report, failed) {
      line.connect(async (news) => {
        await report({ id: `${session}/${++count}`, ...news });
        if (news.name === "looked") looked.looked();
      }, failed);
    },
    whyNot: () => line.whyNot(),
    close: () => line.close(),
  };
}
