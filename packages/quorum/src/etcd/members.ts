/** How an etcd is, member by member, for a doctor's and an operator's eyes. */
import { type EtcdAddress, EtcdClient } from "./client.ts";

export interface EtcdMember {
  /** host:port */
  readonly endpoint: string;
  /** Undefined of one that does not answer. */
  readonly version: string | undefined;
  readonly isLeader: boolean;
  /** Such as an alarm that it is out of space. */
  readonly troubles: readonly string[];
}

/** Asks each once. Never rejects. */
export async function etcdMembers(address: EtcdAddress): Promise<readonly EtcdMember[]> {
  const etcd = new EtcdClient(address);
  try {
    return (await etcd.status()).map((status, n) => ({
      endpoint: address.endpoints[n]!,
      version: status?.version,
      isLeader: status !== undefined && status.leader !== 0n && status.leader === status.header?.memberId,
      troubles: status?.errors ?? [],
    }));
  } finally {
    etcd.close();
  }
}
