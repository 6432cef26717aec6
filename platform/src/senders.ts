/** Which keys a sender has, and what they may say: of the ten agents by authority.json, of persons by their roles. */
import { KeyPurpose, Role } from "@countersign/contracts";
import type { Authority, Right } from "./authority.ts";
import { VALIDATORS } from "./genesis.ts";
import { InputError } from "./inputs.ts";

/** One key a purpose. @throws InputError where the platform has no such sender */
export function purposesOf(sender: string, { agents }: Authority): readonly KeyPurpose[] {
  if (isPerson(sender)) return [KeyPurpose.ENVELOPE, KeyPurpose.APPROVAL];
  if (isValidator(sender)) return [KeyPurpose.ENVELOPE, KeyPurpose.VOTE];
  if (agents[sender] === undefined || sender === "validator") {
    const known = [...Object.keys(agents).filter((agent) => agent !== "validator"), ...VALIDATORS].join(", ");
    throw new InputError("BAD_OPTION", `${sender}: no such sender: person:<name>, ${known}`);
  }
  if (sender === "policy") return [KeyPurpose.ENVELOPE, KeyPurpose.PERMIT];
  return sender === "compliance" ? [KeyPurpose.ENVELOPE, KeyPurpose.CHECKPOINT] : [KeyPurpose.ENVELOPE];
}

/** What the sender's envelopes may say. Who only looks has a key that only reads: it cannot even halt. */
export function saysOf(
  sender: string,
  roles: readonly Role[],
  { agents, roles: persons }: Authority,
): readonly Right[] {
  if (!isPerson(sender)) return agents[isValidator(sender) ? "validator" : sender]?.says ?? [];
  const all = persons.approver ?? [];
  const looks = roles.every((role) => role === Role.VIEWER);
  return looks ? all.filter(({ type }) => type === "quorum.read-request") : all;
}

/** `person:` and a name that can be a file's. */
export function isPerson(sender: string): boolean {
  return /^person:[a-z0-9-]{1,64}$/.test(sender);
}

function isValidator(sender: string): boolean {
  return (VALIDATORS as readonly string[]).includes(sender);
}
