/** The orders of a running cluster, from the stores of those who sent them and the record of the venue that took them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { type Body, OrderAcceptedSchema } from "@countersign/contracts";
import type { RunningCluster } from "@countersign/platform";
import { openPool } from "@countersign/postgres";
import { ON_THE_WAY, waysOf } from "./hops.ts";
import { readOutbox } from "./outbox.ts";

export interface SentOrder {
  /** Of the quote that closed the bar it follows from: when that was said, ms since 1970. */
  readonly quoteMs: number;
  /** When the venue took it, by its own record. */
  readonly venueMs: number;
  /** When each message on its way was decided upon, by type. */
  readonly way: ReadonlyMap<string, number>;
}

/** Those that reached the venue, in the order in which it took them. */
export async function readOrders({ postgresUrl }: RunningCluster, folder: string): Promise<readonly SentOrder[]> {
  await using pool = openPool(postgresUrl, { max: 1, applicationName: "bench" });
  const said = new Map<string, readonly Body[]>();
  for (const schema of ON_THE_WAY) said.set(schema, await readOutbox(pool, schema));
  const ways = waysOf(said);
  const correlationIds = acceptedOrders(said.get("execution") ?? []);
  const lines = readFileSync(join(folder, "exchange", "record.jsonl"), "utf8")
    .split("\n")
    .filter(Boolean);
  return lines.flatMap((line) => {
    const { order, clOrdID, transactTimeMs } = JSON.parse(line.slice(line.indexOf(" ") + 1));
    const id = correlationIds.get(clOrdID);
    const way = id === undefined ? undefined : ways.get(id);
    if (order === undefined || id === undefined || way === undefined) return [];
    return [{ quoteMs: uuidMs(id), venueMs: Number(transactTimeMs), way }];
  });
}

/** The correlation id of each order that Execution has accepted, by client order id. */
function acceptedOrders(said: readonly Body[]): ReadonlyMap<string, string> {
  const accepted = said.filter(({ type }) => type === "order.accepted");
  return new Map(
    accepted.map(({ payload, correlationId = "" }) => {
      const { clientOrderId = "" } = fromBinary(OrderAcceptedSchema, payload ?? new Uint8Array(0));
      return [clientOrderId, correlationId];
    }),
  );
}

/** A UUIDv7 begins with the milliseconds since 1970 (RFC 9562). */
function uuidMs(id: string): number {
  return Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
}
