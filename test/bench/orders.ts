/** The orders of a running cluster, from the stores of those who sent them and the record of the venue that took them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { BodySchema, OrderAcceptedSchema, SignedSchema } from "@countersign/contracts";
import type { RunningCluster } from "@countersign/platform";
import { openPool, type Pool } from "@countersign/postgres";
import { readWays } from "./hops.ts";

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
  const ways = await readWays(pool);
  const correlationIds = await acceptedOrders(pool);
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
async function acceptedOrders(pool: Pool): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ bytes: Uint8Array }>("select bytes from execution.outbox where kind = 'publish'");
  const orders = new Map<string, string>();
  for (const { bytes } of rows) {
    const body = fromBinary(BodySchema, fromBinary(SignedSchema, bytes).payload ?? NOTHING);
    if (body.type !== "order.accepted") continue;
    const { clientOrderId = "" } = fromBinary(OrderAcceptedSchema, body.payload ?? NOTHING);
    orders.set(clientOrderId, body.correlationId ?? "");
  }
  return orders;
}

const NOTHING = new Uint8Array(0);

/** A UUIDv7 begins with the milliseconds since 1970 (RFC 9562). */
function uuidMs(id: string): number {
  return Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
}
