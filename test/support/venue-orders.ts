import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** How many orders the paper exchange of this cluster has taken, by its own record; 0 before it has written anything. */
export function ordersAtVenue(folder: string): number {
  const record = join(folder, "exchange", "record.jsonl");
  if (!existsSync(record)) return 0;
  const lines = readFileSync(record, "utf8").split("\n").filter(Boolean);
  return lines.filter((line) => JSON.parse(line.slice(line.indexOf(" ") + 1)).order !== undefined).length;
}
