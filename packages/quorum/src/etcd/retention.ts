/** What etcd may forget of the ledger's log: entries that stand in every validator's archive, with their op ids. Control is for ever. */
import { create } from "@bufbuild/protobuf";
import { RangeRequestSchema, type RequestOp, TxnRequestSchema } from "../../gen/etcd_pb.ts";
import type { Head } from "../entry.ts";
import type { EtcdClient } from "./client.ts";
import { headBytes, ifValue, type Layout, one, put, readHead, remove } from "./layout.ts";

export class Retention {
  readonly #etcd: EtcdClient;
  readonly #layout: Layout;

  constructor(etcd: EtcdClient, layout: Layout) {
    this.#etcd = etcd;
    this.#layout = layout;
  }

  /** Up to here etcd has forgotten. @throws EtcdError */
  async pruned(): Promise<Head> {
    const { kvs } = await this.#etcd.range(one(this.#layout.pruned));
    return readHead(kvs[0]?.value);
  }

  /** How far each validator's archive reaches; of one that has said nothing, nothing. @throws EtcdError */
  async archived(): Promise<ReadonlyMap<string, Head>> {
    const { kvs } = await this.#etcd.range(create(RangeRequestSchema, this.#layout.archives));
    return new Map(kvs.map(({ key, value }) => [this.#layout.validatorOf(key), readHead(value)]));
  }

  /** Says how far this validator's archive reaches; once its rows are durable, or two disks may lose what etcd has forgotten. @throws EtcdError */
  async say(validator: string, head: Head): Promise<void> {
    await this.#write([put(this.#layout.archive(validator), headBytes(head))]);
  }

  /**
   * Forgets the entries after `from` up to `to`, and their op ids, in one transaction. False: `from` is not where it begins, somebody else
   * was first. @param opIds of all these entries, at most `OPS_MAX` @throws EtcdError
   */
  async prune(from: Head, to: Head, opIds: readonly string[]): Promise<boolean> {
    const forgotten = opIds.map((id) => remove(one(this.#layout.op(id))));
    const entries = remove(this.#layout.entriesBetween("ledger", from.seq, to.seq));
    return this.#write([put(this.#layout.pruned, headBytes(to)), entries, ...forgotten], from);
  }

  async #write(success: RequestOp[], ifPruned?: Head): Promise<boolean> {
    const compare =
      ifPruned === undefined
        ? []
        : [ifValue(this.#layout.pruned, ifPruned.seq === 0n ? undefined : headBytes(ifPruned))];
    const { succeeded } = await this.#etcd.txn(create(TxnRequestSchema, { compare, success }));
    return succeeded;
  }
}
