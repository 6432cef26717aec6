/** Signs what `decide` has written down: the note of a checkpoint. The key is here and nowhere else. */
import { AuditError, parseCheckpoint, signCheckpoint } from "@countersign/audit";
import type { Checkpoint } from "@countersign/contracts";
import type { Signer } from "@countersign/envelope";
import type { PublishEffect } from "@countersign/runtime";

export function signNotes(signer: Signer): (effect: PublishEffect) => PublishEffect {
  return (effect) =>
    effect.type === "audit.checkpoint" ? { ...effect, payload: signed(effect.payload as Checkpoint, signer) } : effect;
}

/** The same bytes each time. */
export function signed(payload: Checkpoint, signer: Signer): Checkpoint {
  const checkpoint = parseCheckpoint(payload.note ?? "");
  if (checkpoint === undefined) throw new AuditError("BAD_CHECKPOINT", "a checkpoint without a text to sign");
  return { ...payload, note: signCheckpoint(checkpoint, signer) };
}
