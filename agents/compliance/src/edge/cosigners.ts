/**
 * Has the validators cosign the checkpoints of the log (c2sp.org/tlog-witness), and says a checkpoint once more when a majority has. To each
 * it shows that the log has only grown since the last tree that this one cosigned; who has been away says himself where he stands.
 *
 * Beside `decide`, because no decision follows from it: a lease needs no cosignature, and the log is the same with and without.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { bodyBytesOf, checkpointKey, cosignerKey, cosignerName, edgeRoot, leafOf, openNote } from "@countersign/audit";
import {
  type Checkpoint,
  CheckpointSchema,
  type CosignRequest,
  CosignRequestSchema,
  type CosignResponse,
  type Mode,
} from "@countersign/contracts";
import { checkRights, type Keys, openEnvelope, type Signer, sealCall } from "@countersign/envelope";
import { Extension, type FrontierSnapshot } from "@countersign/merkle";
import { type PublishEffect, payloadOf, type Rpc, RpcError, type Store } from "@countersign/runtime";
import { LEAVES } from "../core/state.ts";

export interface CosignersOptions {
  /** Who asks. */
  readonly name: string;
  readonly validators: readonly string[];
  /** The envelope key's. */
  readonly signer: Signer;
  readonly keys: Keys;
  readonly mode: Mode;
  /** Decision time. */
  readonly nowMs: () => number;
  readonly store: Pick<Store, "read">;
  readonly rpc: Rpc;
  readonly say: (effect: PublishEffect) => Promise<void>;
  /** A validator refuses, or has cosigned more than there is: that is no outage, and somebody has to look. */
  readonly onRefused: (validator: string, code: string, text: string) => void;
}

/** A checkpoint that was signed and said, and by which key. */
export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly keyid: string;
}

/** The intent of a checkpoint that a majority of the validators has cosigned. */
export const COSIGNED = "COSIGNED";

export class Cosigners {
  readonly #o: CosignersOptions;
  readonly #latest: () => SignedCheckpoint | undefined;
  /** Of each validator the last tree that it cosigned. */
  readonly #trees = new Map<string, FrontierSnapshot>();
  readonly #refused = new Set<string>();
  #cosigned = 0;
  #asked = 0;

  constructor(options: CosignersOptions, latest: () => SignedCheckpoint | undefined) {
    this.#o = options;
    this.#latest = latest;
  }

  /** Records since the last checkpoint that was cosigned. */
  get behind(): number {
    return Number(this.#latest()?.checkpoint.size ?? 0n) - this.#cosigned;
  }

  /** Has the last checkpoint cosigned, and says so. Who does not answer is asked again the next time. */
  async gather(): Promise<void> {
    const signed = this.#latest();
    if (signed === undefined || this.behind <= 0) return;
    const { checkpoint } = signed;
    // Those who stand at the same tree get the same proof, made once.
    const growths = new Map<FrontierSnapshot, Promise<Growth | undefined>>();
    const grow = (from: FrontierSnapshot) => {
      const growth = growths.get(from) ?? this.#grow(from, checkpoint);
      growths.set(from, growth);
      return growth;
    };
    const { validators, say } = this.#o;
    const lines = await Promise.all(validators.map((validator) => this.#cosignature(validator, signed, grow)));
    const cosignatures = lines.filter((line) => line !== undefined);
    if (cosignatures.length <= validators.length / 2) return;
    await say(cosigned(checkpoint, cosignatures));
    this.#cosigned = Number(checkpoint.size);
  }

  async #cosignature(
    validator: string,
    signed: SignedCheckpoint,
    grow: (from: FrontierSnapshot) => Promise<Growth | undefined>,
  ): Promise<string | undefined> {
    for (let tries = 0; tries < 2; tries++) {
      const from = this.#trees.get(validator);
      const growth = from && (await grow(from));
      if (from !== undefined && growth === undefined) return undefined;
      const answer = await this.#ask(validator, signed, growth);
      if (answer === undefined) return undefined;
      const { cosignature, code = "", text = "", size = 0n, edge } = answer;
      if (cosignature !== undefined && growth !== undefined) {
        if (!this.#isBy(validator, signed, answer)) return undefined;
        this.#trees.set(validator, growth.tree);
        this.#refused.delete(validator);
        return cosignature;
      }
      const tree = { size: Number(size), hashes: edge };
      const isAhead = size > (signed.checkpoint.size ?? 0n);
      if (code !== "OTHER_SIZE" || isAhead || edgeRoot(tree) === undefined) {
        this.#refuse(validator, code, text);
        return undefined;
      }
      this.#trees.set(validator, tree);
    }
    return undefined;
  }

  /** Told once, and again after it has cosigned. */
  #refuse(validator: string, code: string, text: string): void {
    if (!this.#refused.has(validator)) this.#o.onRefused(validator, code, text);
    this.#refused.add(validator);
  }

  /** Undefined while what the checkpoint covers is not committed. Whether it follows, the validator judges. */
  async #grow(from: FrontierSnapshot, { size = 0n }: Checkpoint): Promise<Growth | undefined> {
    const extension = new Extension(from, Number(size));
    for (let after = BigInt(from.size); after < size; ) {
      const rows = await this.#o.store.read(LEAVES, after, Math.min(PAGE, Number(size - after)));
      for (const { bytes } of rows) extension.append(leafOf({ bodyBytes: bodyBytesOf(bytes) }));
      if (rows.length === 0) return undefined;
      after += BigInt(rows.length);
    }
    return { oldSize: BigInt(from.size), proof: extension.consistencyProof(), tree: extension.frontier.snapshot() };
  }

  /** Its answer; undefined when it did not answer, or another did in its name. */
  async #ask(validator: string, { checkpoint, keyid }: SignedCheckpoint, growth: Growth | undefined) {
    const { rpc, keys, mode, nowMs } = this.#o;
    const { note = "" } = checkpoint;
    const known = growth && { oldSize: growth.oldSize, proof: growth.proof, edge: [...growth.tree.hashes] };
    const request = create(CosignRequestSchema, { note, keyid, ...known });
    try {
      const bytes = await rpc.call(CALL, validator, this.#seal(request), { deadlineMs: DEADLINE_MS });
      const opened = openEnvelope(bytes, keys);
      if (!opened.ok || opened.body.sender !== validator) return undefined;
      if (checkRights(opened, { keys, topic: CALL, mode, nowMs: nowMs() }) !== undefined) return undefined;
      return payloadOf(opened) as CosignResponse | undefined;
    } catch (error) {
      // Two of three are enough, and the next time is soon.
      if (error instanceof RpcError) return undefined;
      throw error;
    }
  }

  /** One that does not hold would spoil the note for everybody. */
  #isBy(validator: string, { checkpoint }: SignedCheckpoint, { keyid, cosignature = "" }: CosignResponse): boolean {
    const { keys, mode, nowMs } = this.#o;
    const key = checkpointKey(keyid, validator, { keys, mode, nowMs: nowMs() });
    const { note = "" } = checkpoint;
    const origin = note.slice(0, note.indexOf("\n"));
    const known = key && cosignerKey(cosignerName(origin, validator), key.publicKey);
    const opened = openNote(note + cosignature, known === undefined ? [] : [known]);
    return opened.ok && opened.signatures.length === 1;
  }

  #seal(request: CosignRequest): Uint8Array {
    const { name, signer, nowMs } = this.#o;
    const payload = toBinary(CosignRequestSchema, request);
    const facts = { sender: name, call: CALL, type: "quorum.cosign-request", intent: "COSIGN", nowMs: nowMs() };
    return sealCall({ ...facts, payload, about: `cosign ${this.#asked++}` }, signer).bytes;
  }
}

/** From the last tree that somebody cosigned to the checkpoint's. */
interface Growth {
  readonly oldSize: bigint;
  readonly proof: Uint8Array[];
  readonly tree: FrontierSnapshot;
}

function cosigned(checkpoint: Checkpoint, cosignatures: readonly string[]): PublishEffect {
  const note = `${checkpoint.note}${cosignatures.join("")}`;
  return {
    kind: "publish",
    topic: "audit.checkpoint.v1",
    key: "audit",
    type: "audit.checkpoint",
    payload: create(CheckpointSchema, { ...checkpoint, note }),
    intent: COSIGNED,
  };
}

const CALL = "QuorumService.Cosign";
const DEADLINE_MS = 1_000;
/** Records read at once. */
const PAGE = 1_000;
