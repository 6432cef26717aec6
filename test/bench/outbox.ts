/** What an agent has said, read from its outbox in the cluster's database. */
import { fromBinary } from "@bufbuild/protobuf";
import { type Body, BodySchema, SignedSchema } from "@countersign/contracts";
import type { Pool } from "@countersign/postgres";

export async function readOutbox(pool: Pool, schema: string): Promise<readonly Body[]> {
  const { rows } = await pool.query<{ bytes: Uint8Array }>(`select bytes from ${schema}.outbox`);
  return rows.map(({ bytes }) => fromBinary(BodySchema, fromBinary(SignedSchema, bytes).payload ?? new Uint8Array(0)));
}
