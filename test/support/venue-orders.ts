import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A line of the paper exchange's record, as far as a test asks. */
interface Report {
  readonly orderID: string;
  readonly ordStatus: string;
  readonly transactTimeMs: number;
  /** Of the first report of an order. */
  readonly order?: object;
}

/** How many orders the paper exchange of this cluster has taken; 0 before it has written anything. */
export function ordersAtVenue(folder: string): number {
  return orderTimesAtVenue(folder).length;
}

/** When it took each, by its own record: ms since 1970. */
export function orderTimesAtVenue(folder: string): readonly number[] {
  return reportsOf(folder).flatMap(({ order, transactTimeMs }) =>
    order === undefined ? [] : [Number(transactTimeMs)],
  );
}

/** How many orders work there, and when it cancelled each that was cancelled. */
export function workingAtVenue(folder: string): { readonly working: number; readonly canceledMs: readonly number[] } {
  const last = new Map(reportsOf(folder).map((report) => [report.orderID, report]));
  const all = [...last.values()];
  const canceled = all.filter(({ ordStatus }) => ordStatus === "CANCELED");
  return {
    working: all.filter(({ ordStatus }) => ordStatus === "NEW").length,
    canceledMs: canceled.map(({ transactTimeMs }) => Number(transactTimeMs)),
  };
}

function reportsOf(folder: string): readonly Report[] {
  const record = join(folder, "exchange", "record.jsonl");
  if (!existsSync(record)) return [];
  const lines = readFileSync(record, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line.slice(line.indexOf(" ") + 1)));
}
