/** Where a cluster's certified logs are: on etcd, or, where it was founded without one, in its PostgreSQL. */
import type { Pool } from "@countersign/postgres";
import { EtcdQuorumLog, openPostgresQuorumLog, type QuorumLog } from "@countersign/quorum";
import type { ClusterSpec } from "./cluster.ts";

/** For validators, and for whoever holds their credentials. Its pool stays the caller's. @throws QuorumError */
export async function openQuorumLog({ etcd, platform }: ClusterSpec, pool: Pool): Promise<QuorumLog> {
  return etcd === undefined ? openPostgresQuorumLog(pool, "quorum") : new EtcdQuorumLog({ endpoints: etcd, platform });
}
