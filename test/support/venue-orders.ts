import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** How many orders the paper exchange of this cluster has taken; 0 before it has written anything. */
export function ordersAtVenue(folder: string): number {
  return orderTimesAtVenue(folder).length;
}

/** When it took each, by its own record: ms since 1970. */
export function orderTimesAtVenue(folder: string): readonly number[] {
  const record = join(folder, "exchange", "record.jsonl");
  if (!existsSync(record)) return [];
  const lines = readFileSync(record, "utf8").split("\n").filter(Boolean);
  return lines.flatMap((line) => {
    const { order, transactTimeMs } = JSON.parse(line.slice(line.indexOf(" ") + 1));
    return order === undefined ? [] : [Number(transactTimeMs)];
  });
}
