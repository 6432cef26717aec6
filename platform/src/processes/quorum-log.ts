/**
 * Where a cluster's certified logs are: on etcd, with an archive of the ledger in each validator's schema, or, where it was founded without
 * one, in its PostgreSQL, which forgets nothing.
 */
import type { Pool } from "@countersign/postgres";
import {
  type ArchivedLogOptions,
  ArchivedQuorumLog,
  EtcdQuorumLog,
  openArchive,
  openPostgresQuorumLog,
  type QuorumLog,
} from "@countersign/quorum";
import { VALIDATORS } from "../genesis.ts";
import type { ClusterSpec } from "./cluster.ts";
import { etcdOf } from "./credentials.ts";
import { schemaOf } from "./process.ts";

export interface QuorumLogOptions {
  /** Whose archive it reads; the first validator's for who is none. */
  readonly validator?: string;
  readonly readElsewhere?: NonNullable<ArchivedLogOptions["readElsewhere"]>;
}

/** For validators, and for whoever holds their credentials. Its pool stays the caller's. @throws QuorumError */
export async function openQuorumLog(
  dir: string,
  { etcd, platform }: ClusterSpec,
  pool: Pool,
  { validator = VALIDATORS[0], ...more }: QuorumLogOptions = {},
): Promise<ArchivedQuorumLog | QuorumLog> {
  if (etcd === undefined) return openPostgresQuorumLog(pool, "quorum");
  const archive = await openArchive(pool, `${schemaOf(validator)}_archive`);
  return new ArchivedQuorumLog({ log: new EtcdQuorumLog({ ...etcdOf(dir, etcd), platform }), archive, ...more });
}
