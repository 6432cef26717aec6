/** The first entry of the control log: who exists, and what they may do. Everything else is trusted because of it. */
import { fromBinary } from "@bufbuild/protobuf";
import { type Genesis, KeyPurpose, Mode, ProposeRequestSchema } from "@countersign/contracts";
import { Keyring, type KeyringCode, type Keys, sha256 } from "@countersign/envelope";
import type { Members } from "./certificate.ts";
import { hasAdmins, isRoleGrant } from "./change.ts";
import { QuorumError } from "./error.ts";

export interface GenesisFacts {
  readonly mode: Mode;
  readonly platform: string;
  /** How many persons a resume needs, or a grant of a key. */
  readonly resumePersons: number;
  readonly members: Members;
  readonly authorityDigest: Uint8Array;
  readonly limitsDigest: Uint8Array;
}

/**
 * - `BAD_GENESIS`: a field is missing or out of its range, or nobody could change anything after it
 * - `NO_VOTE_KEY`: a validator without a key for votes
 * - a keyring code: a grant that cannot be registered
 */
export type GenesisCode = "BAD_GENESIS" | "NO_VOTE_KEY" | KeyringCode;

/**
 * The digest by which a configuration names its genesis: SHA-256 of the serialised ProposeRequest, the bytes that were signed. It is
 * the root of all trust: who holds it can verify everything else.
 */
export function genesisDigest(proposeRequestBytes: Uint8Array): Uint8Array {
  return sha256(proposeRequestBytes);
}

export interface OpenedGenesis {
  readonly facts: GenesisFacts;
  readonly keys: Keyring;
}

/** A configured genesis, for a validator before the log begins. Throws `QuorumError` `BAD_GENESIS`. */
export function openGenesis(proposeRequestBytes: Uint8Array): OpenedGenesis {
  const { content } = fromBinary(ProposeRequestSchema, proposeRequestBytes);
  if (content.case !== "genesis") throw new QuorumError("BAD_GENESIS", "the configured genesis is none");
  const folded = foldGenesis(content.value);
  if (!folded.ok) throw new QuorumError("BAD_GENESIS", `the configured genesis is refused: ${folded.code}`);
  return folded;
}

/** The keys that count: those of the control log; before a reader has come to its first entry, those of the configured genesis. */
export function rootedKeys(
  { keys }: Pick<OpenedGenesis, "keys">,
  fence: { readonly members: Members | undefined; readonly keys: Keys },
): Keys {
  return { find: (keyid) => (fence.members === undefined ? keys : fence.keys).find(keyid) };
}

/** The facts and the keyring a genesis makes, or what is wrong with it. */
export function foldGenesis(
  genesis: Genesis,
): (OpenedGenesis & { readonly ok: true }) | { readonly ok: false; readonly code: GenesisCode } {
  const facts = factsOf(genesis);
  if (facts === undefined) return { ok: false, code: "BAD_GENESIS" };
  const keys = new Keyring();
  for (const grant of genesis.roles) keys.assign(grant);
  for (const grant of genesis.keys) {
    const wrong = keys.grant(grant);
    if (wrong !== undefined) return { ok: false, code: wrong };
  }
  const voters = new Set(keys.records().flatMap((key) => (key.purpose === KeyPurpose.VOTE ? [key.sender] : [])));
  if (!facts.members.validators.every((name) => voters.has(name))) return { ok: false, code: "NO_VOTE_KEY" };
  return { ok: true, facts, keys };
}

function factsOf(genesis: Genesis): GenesisFacts | undefined {
  const { mode, platform, resumePersons, validators, membersVersion, authorityDigest, limitsDigest, roles } = genesis;
  if (mode === undefined || !MODES.includes(mode) || !platform || membersVersion === undefined) return undefined;
  if (resumePersons === undefined || resumePersons < resumePersonsMin(mode)) return undefined;
  if (validators.length !== 3 || new Set(validators).size !== 3 || validators.includes("")) return undefined;
  if (authorityDigest?.length !== 32 || limitsDigest?.length !== 32) return undefined;
  if (!roles.every(isRoleGrant) || (roles.length > 0 && !hasAdmins(roles, resumePersons))) return undefined;
  const members = { version: membersVersion, validators };
  return { mode, platform, resumePersons, members, authorityDigest, limitsDigest };
}

/** How many persons open trading, and release a halt, at least. Two start what may lose money; where none can be lost, one may. */
export function resumePersonsMin(mode: Mode): number {
  return mode === Mode.REPLAY || mode === Mode.PAPER ? 1 : 2;
}

const MODES: readonly (Mode | undefined)[] = [Mode.REPLAY, Mode.PAPER, Mode.SHADOW, Mode.LIVE];
