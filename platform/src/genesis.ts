/** The root of authority: who exists, with which keys, for what. Signed by the person it names; everything else is trusted because of it. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  GenesisSchema,
  KeyPurpose,
  Log,
  type Mode,
  ProposeRequestSchema,
  type RoleGrant,
} from "@countersign/contracts";
import { sha256 } from "@countersign/envelope";
import { opIdOf, resumePersonsMin } from "@countersign/quorum";
import type { Authority } from "./authority.ts";
import { type GrantRequest, grant, type Signers } from "./keys.ts";

export const VALIDATORS = ["validator-1", "validator-2", "validator-3"] as const;

export interface GenesisFacts {
  readonly authority: Authority;
  readonly mode: Mode;
  /** As the platform is called: it is part of every control entry's chain. */
  readonly platform: string;
  readonly signers: Signers;
  readonly persons: readonly string[];
  /** What each person may do; without any, everybody may do everything: in a replay, where there is one. */
  readonly roles?: readonly RoleGrant[];
  readonly limitsDigest: Uint8Array;
  /** Decision time from which the keys count. */
  readonly fromMs: number;
}

/** The serialised ProposeRequest: its SHA-256 is what every process is configured with. */
export function genesisRequest(facts: GenesisFacts): Uint8Array {
  const { authority, mode, platform, signers, persons, roles = [], limitsDigest, fromMs } = facts;
  const says = (role: string) => authority.agents[role]?.says ?? [];
  const key = (sender: string, purpose: KeyPurpose, more: Pick<GrantRequest, "person" | "says"> = {}) =>
    grant(signers, { sender, purpose, mode, fromMs, ...more });
  const genesis = create(GenesisSchema, {
    mode,
    platform,
    resumePersons: resumePersonsMin(mode),
    keys: [
      ...sendersOf(authority).map(({ sender, role }) => key(sender, KeyPurpose.ENVELOPE, { says: says(role) })),
      key("policy", KeyPurpose.PERMIT),
      key("compliance", KeyPurpose.CHECKPOINT),
      ...VALIDATORS.flatMap((name) => [key(name, KeyPurpose.VOTE), key(name, KeyPurpose.CHECKPOINT)]),
      ...persons.flatMap((person) => [
        key(person, KeyPurpose.ENVELOPE, { person: true, says: authority.roles.approver ?? [] }),
        key(person, KeyPurpose.APPROVAL, { person: true }),
      ]),
    ],
    validators: [...VALIDATORS],
    membersVersion: 1n,
    authorityDigest: sha256(Buffer.from(JSON.stringify(authority))),
    limitsDigest,
    roles: [...roles],
  });
  const content = { case: "genesis" as const, value: genesis };
  const opId = opIdOf({ content });
  if (opId === undefined) throw new Error("a genesis without a platform");
  return toBinary(ProposeRequestSchema, create(ProposeRequestSchema, { opId, log: Log.CONTROL, content }));
}

/** Every sender that has a key, and whose rights it has: the three validators are one role. */
function sendersOf(authority: Authority): readonly { readonly sender: string; readonly role: string }[] {
  return Object.keys(authority.agents).flatMap((role) =>
    role === "validator" ? VALIDATORS.map((sender) => ({ sender, role })) : [{ sender: role, role }],
  );
}
