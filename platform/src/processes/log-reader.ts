/** Asks a validator for what follows in one of the logs. The answer is the validator's word; who uses it verifies the entries themselves. */
import { create, toBinary } from "@bufbuild/protobuf";
import { ReadRequestSchema, type ReadResponse } from "@countersign/contracts";
import { type Keys, openEnvelope, type Signer, sealCall } from "@countersign/envelope";
import { type LogName, logToWire } from "@countersign/quorum";
import { payloadOf, type Rpc, RpcError } from "@countersign/runtime";

export interface LogReaderOptions {
  /** Who asks. */
  readonly name: string;
  readonly signer: Signer;
  /** Whose answers are believed. */
  readonly keys: Keys;
  readonly rpc: Rpc;
  readonly nowMs: () => number;
}

const DEADLINE_MS = 1_000;

export class LogReader {
  readonly #o: LogReaderOptions;
  #asked = 0;

  constructor(options: LogReaderOptions) {
    this.#o = options;
  }

  /** Undefined: nobody answers there, or not as that validator. */
  async ask(validator: string, log: LogName, afterSeq: bigint): Promise<ReadResponse | undefined> {
    const { keys, rpc } = this.#o;
    try {
      const bytes = await rpc.call(CALL, validator, this.#request(log, afterSeq), { deadlineMs: DEADLINE_MS });
      const opened = openEnvelope(bytes, keys);
      if (!opened.ok || opened.body.sender !== validator) return undefined;
      return payloadOf(opened) as ReadResponse | undefined;
    } catch (error) {
      if (error instanceof RpcError) return undefined;
      throw error;
    }
  }

  #request(log: LogName, afterSeq: bigint): Uint8Array {
    const { name: sender, signer, nowMs } = this.#o;
    const payload = toBinary(ReadRequestSchema, create(ReadRequestSchema, { log: logToWire(log), afterSeq }));
    const facts = { sender, call: CALL, type: "quorum.read-request", intent: "READ", nowMs: nowMs() };
    return sealCall({ ...facts, payload, about: `read ${log} ${this.#asked++}` }, signer).bytes;
  }
}

const CALL = "QuorumService.Read";
