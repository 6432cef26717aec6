/** Validators as far as cosigning goes: the real check, and a memory that is no disk. */
import { create } from "@bufbuild/protobuf";
import { auditOrigin, checkpointKey, cosignerName, cosignNote, witness } from "@countersign/audit";
import { type CosignRequest, CosignResponseSchema, Mode } from "@countersign/contracts";
import { type Keys, openEnvelope, type Signer } from "@countersign/envelope";
import type { FrontierSnapshot } from "@countersign/merkle";
import { payloadOf, RpcError } from "@countersign/runtime";
import type { Rig } from "@countersign/runtime/testing";

const CALL = "QuorumService.Cosign";
const origin = auditOrigin("test");

export class Witnesses {
  /** Of each, the last tree it cosigned. */
  readonly trees = new Map<string, FrontierSnapshot>();
  /** Who does not answer. */
  readonly away = new Set<string>();
  /** Every request that came, by whom it was asked. */
  readonly asked: { readonly validator: string; readonly request: CosignRequest }[] = [];

  constructor(rig: Rig, names: readonly string[], signerOf: (name: string) => Signer, keys: Keys) {
    for (const validator of names)
      rig.rpc.serve(CALL, validator, async (bytes) => {
        if (this.away.has(validator)) throw new RpcError("UNAVAILABLE", `${validator} is away`);
        const opened = openEnvelope(bytes, keys);
        if (!opened.ok) throw new Error(opened.code);
        const request = payloadOf(opened) as CosignRequest;
        this.asked.push({ validator, request });
        const payload = this.#answer(validator, request, signerOf(validator), keys);
        return rig.sealed({ sender: validator, topic: CALL, type: "quorum.cosigned", payload }).bytes;
      });
  }

  #answer(validator: string, request: CosignRequest, signer: Signer, keys: Keys) {
    const { note = "", keyid, oldSize, proof, edge } = request;
    const key = checkpointKey(keyid, "compliance", { keys, mode: Mode.REPLAY, nowMs: 1 })!;
    const last = this.trees.get(validator) ?? { size: 0, hashes: [] };
    const from = oldSize === undefined ? undefined : Number(oldSize);
    const seen = witness({ note, oldSize: from, proof, edge }, last, { origin, key });
    if (!seen.ok) {
      const { code, text } = seen;
      return create(CosignResponseSchema, { code, text, size: BigInt(last.size), edge: [...last.hashes] });
    }
    this.trees.set(validator, seen.tree);
    const cosignature = cosignNote(note, cosignerName(origin, validator), signer, 1);
    return create(CosignResponseSchema, { cosignature, keyid: signer.keyid });
  }
}
