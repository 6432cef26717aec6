/** The root of authority: who exists, with which keys, for what. Signed by the person it names; everything else is trusted because of it. */
import { create, toBinary } from "@bufbuild/protobuf";
import { GenesisSchema, KeyPurpose, Log, Mode, ProposeRequestSchema } from "@countersign/contracts";
import { sha256 } from "@countersign/envelope";
import { opIdOf } from "@countersign/quorum";
import type { Authority } from "./authority.ts";
import type { ReplayKeys } from "./keys.ts";

export const VALIDATORS = ["validator-1", "validator-2", "validator-3"] as const;

export interface GenesisFacts {
  readonly authority: Authority;
  readonly keys: ReplayKeys;
  readonly persons: readonly string[];
  readonly limitsDigest: Uint8Array;
  /** Decision time from which the keys count. */
  readonly fromMs: number;
}

/** The serialised ProposeRequest: its SHA-256 is what every process is configured with. */
export function genesisRequest({ authority, keys, persons, limitsDigest, fromMs }: GenesisFacts): Uint8Array {
  const says = (role: string) => authority.agents[role]?.says ?? [];
  const envelopes = sendersOf(authority).map(({ sender, role }) =>
    keys.grant(sender, KeyPurpose.ENVELOPE, { says: says(role), fromMs }),
  );
  const genesis = create(GenesisSchema, {
    mode: Mode.REPLAY,
    platform: "countersign-embedded",
    // One person may open a replay: there is nothing to lose in one.
    resumePersons: 1,
    keys: [
      ...envelopes,
      keys.grant("policy", KeyPurpose.PERMIT, { fromMs }),
      keys.grant("compliance", KeyPurpose.CHECKPOINT, { fromMs }),
      ...VALIDATORS.map((name) => keys.grant(name, KeyPurpose.VOTE, { fromMs })),
      ...persons.flatMap((person) => [
        keys.grant(person, KeyPurpose.ENVELOPE, { person: true, says: authority.roles.approver ?? [], fromMs }),
        keys.grant(person, KeyPurpose.APPROVAL, { person: true, fromMs }),
      ]),
    ],
    validators: [...VALIDATORS],
    membersVersion: 1n,
    authorityDigest: sha256(Buffer.from(JSON.stringify(authority))),
    limitsDigest,
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
