import { create } from "@bufbuild/protobuf";
import { type PermitIssued, PermitIssuedSchema } from "@countersign/contracts";
import { type Signer, signPayload } from "@countersign/envelope";
import type { Edge, PublishEffect } from "@countersign/runtime";

/**
 * Adds the permit key's signature between the decision and its sealing, so that the decision stays pure: it says what is permitted,
 * the key that it is Policy who says so. Ed25519 signs the same bytes the same way, so a repeated decision is the same record.
 */
export function signPermits(signer: Signer): Edge {
  return { finish: (effect) => (effect.type === "permit.issued" ? signed(effect, signer) : effect) };
}

function signed(effect: PublishEffect, signer: Signer): PublishEffect {
  const verdict = effect.payload as PermitIssued;
  const payload = verdict.permit?.payload;
  if (payload === undefined) throw new Error("broken invariant: a permit that was issued has its bytes");
  const permit = signPayload("permit", payload, signer);
  return { ...effect, payload: create(PermitIssuedSchema, { ...verdict, permit }) };
}
