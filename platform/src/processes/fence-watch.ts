/**
 * Keeps a process' fence fresh: each second it reads the control log through a validator, applies what is new, and confirms the head. The
 * topic brings entries sooner; only the read proves that there is nothing newer.
 */
import { setTimeout as wait } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Log, ReadRequestSchema, type ReadResponse } from "@countersign/contracts";
import { type Keys, openEnvelope, type Signer } from "@countersign/envelope";
import type { FenceReader } from "@countersign/quorum";
import { payloadOf, type Rpc, RpcError } from "@countersign/runtime";
import { sealCall } from "../seal-call.ts";

export interface FenceWatchOptions {
  readonly name: string;
  readonly signer: Signer;
  readonly fence: FenceReader;
  /** Whose answers are believed. */
  readonly keys: Keys;
  readonly rpc: Rpc;
  readonly validators: readonly string[];
  readonly nowMs: () => number;
}

const EVERY_MS = 1_000;
const DEADLINE_MS = 1_000;

export class FenceWatch {
  readonly #o: FenceWatchOptions;
  readonly #stop = new AbortController();
  #reads = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: FenceWatchOptions) {
    this.#o = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Asks one validator, the next one each time. False: nobody said what the head is. */
  async read(): Promise<boolean> {
    const { fence, keys, rpc, validators } = this.#o;
    const server = validators[this.#reads % validators.length] ?? "";
    // The age of the answer is that of the question: it was the head at some time after this.
    const askedMs = performance.now();
    try {
      const bytes = await rpc.call(CALL, server, this.#request(), { deadlineMs: DEADLINE_MS });
      const opened = openEnvelope(bytes, keys);
      if (!opened.ok || opened.body.sender !== server) return false;
      const answer = payloadOf(opened) as ReadResponse | undefined;
      for (const { entry, votes } of answer?.entries ?? []) if (entry !== undefined) fence.apply(entry, votes);
      const { headSeq, headDigest } = answer ?? {};
      return (
        headSeq !== undefined &&
        headDigest !== undefined &&
        fence.confirm({ seq: headSeq, digest: headDigest }, askedMs)
      );
    } catch (error) {
      if (error instanceof RpcError) return false;
      throw error;
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // Without the genesis no answer can be opened: the topic brings it.
      const isFresh = this.#o.fence.members !== undefined && (await this.read());
      await wait(isFresh ? EVERY_MS : RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  #request(): Uint8Array {
    const { name: sender, signer, nowMs, fence } = this.#o;
    const request = create(ReadRequestSchema, { log: Log.CONTROL, afterSeq: fence.head.seq });
    const facts = { sender, call: CALL, type: "quorum.read-request", intent: "READ", nowMs: nowMs() };
    const payload = toBinary(ReadRequestSchema, request);
    return sealCall({ ...facts, payload, about: `read ${this.#reads++}` }, signer).bytes;
  }
}

const CALL = "QuorumService.Read";
const RETRY_MS = 100;
