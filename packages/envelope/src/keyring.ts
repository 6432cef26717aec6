/**
 * The keys that the control log grants. A key's state goes forward only: pending → active → verify-only → revoked. Two active
 * keys of one sender overlap during a rotation. What a person may do is granted to the person, whatever the key.
 */
import {
  type KeyGrant,
  type KeyPurpose,
  KeyState,
  type Mode,
  type Money,
  type Role,
  type RoleGrant,
  type RoleRight,
  rolesAllow,
} from "@countersign/contracts";
import { importPublicKey, type PublicKey } from "./keys.ts";
import type { PipelineCode } from "./refusal.ts";
import { checkRegistration, type RegistrationCode } from "./registration.ts";

export interface KeyRecord {
  readonly keyid: string;
  readonly publicKey: PublicKey;
  readonly sender: string;
  readonly person: boolean;
  readonly purpose: KeyPurpose;
  readonly modes: ReadonlySet<Mode>;
  /** The types it may say, by topic; for a call by its name. */
  readonly rights: ReadonlyMap<string, ReadonlySet<string>>;
  readonly validFromMs: number;
  readonly validUntilMs: number;
  readonly state: KeyState;
  /** Why it is revoked. */
  readonly reason: string | undefined;
  /** Decision time of what revoked it, ms. */
  readonly revokedAtMs: number | undefined;
  /** What its sender, a person, may do. Undefined where the control log knows no roles: then everything. */
  readonly standing: Standing | undefined;
}

export interface Standing {
  readonly roles: readonly Role[];
  /** The largest order this person may approve; undefined: none. */
  readonly approvesUpTo: Money | undefined;
}

/** All that a verifier needs of a keyring. */
export interface Keys {
  find(keyid: string): KeyRecord | undefined;
}

/**
 * - `ALREADY_GRANTED`: a grant for a key that has one
 * - `NEVER_GRANTED`: a change for a key without a grant
 * - `GRANT_ALTERED`: a change may change the state and its reason alone
 * - `STATE_BACKWARDS`: a state is left for ever
 * - `NO_REASON`: a revocation says `superseded` or `compromised`
 */
export type KeyringCode =
  | RegistrationCode
  | "ALREADY_GRANTED"
  | "NEVER_GRANTED"
  | "GRANT_ALTERED"
  | "STATE_BACKWARDS"
  | "NO_REASON";

export class Keyring implements Keys {
  readonly #grants = new Map<string, KeyGrant>();
  readonly #records = new Map<string, KeyRecord>();
  /** By person. Undefined until somebody is given a role: then nobody without one may do anything. */
  #standings: Map<string, Standing> | undefined;

  find(keyid: string): KeyRecord | undefined {
    return this.#records.get(keyid);
  }

  records(): readonly KeyRecord[] {
    return [...this.#records.values()];
  }

  /** Another keyring with the same keys, which were checked when they came. */
  copy(): Keyring {
    const copy = new Keyring();
    for (const [keyid, grant] of this.#grants) copy.#grants.set(keyid, grant);
    for (const [keyid, record] of this.#records) copy.#records.set(keyid, record);
    copy.#standings = this.#standings;
    return copy;
  }

  /** Registers a key. Returns what is wrong with the grant, and changes nothing then. */
  grant(grant: KeyGrant): KeyringCode | undefined {
    const wrong = checkRegistration(grant);
    if (wrong !== undefined) return wrong;
    const record = this.#recordOf(grant, undefined);
    if (this.#records.has(record.keyid)) return "ALREADY_GRANTED";
    if (rank(record) === undefined) return "NO_REASON";
    this.#grants.set(record.keyid, grant);
    this.#records.set(record.keyid, record);
    return undefined;
  }

  /** Moves a key forward, at a decision time: the same grant with another state. Returns what is wrong, and changes nothing then. */
  change(grant: KeyGrant, atMs: number): KeyringCode | undefined {
    const wrong = checkRegistration(grant);
    if (wrong !== undefined) return wrong;
    const known = this.#records.get(grant.keyid ?? "");
    if (known === undefined) return "NEVER_GRANTED";
    const next = this.#recordOf(grant, known.revokedAtMs ?? atMs);
    // The proof covers everything but state and reason, and Ed25519 signs the same bytes the same way.
    if (Buffer.compare(this.#grants.get(next.keyid)?.proof ?? nothing, grant.proof ?? nothing) !== 0)
      return "GRANT_ALTERED";
    const to = rank(next);
    if (to === undefined) return "NO_REASON";
    if (to <= (rank(known) ?? 0)) return "STATE_BACKWARDS";
    this.#records.set(next.keyid, next);
    return undefined;
  }

  /** What a person may do from now on, with every key of that person's. */
  assign({ person = "", roles, approvesUpTo }: RoleGrant): void {
    this.#standings = new Map(this.#standings).set(person, { roles, approvesUpTo });
    for (const record of this.#records.values())
      if (record.person) this.#records.set(record.keyid, { ...record, standing: this.#standingOf(record.sender) });
  }

  #recordOf(grant: KeyGrant, atMs: number | undefined): KeyRecord {
    const record = recordOf(grant, atMs);
    return record.person ? { ...record, standing: this.#standingOf(record.sender) } : record;
  }

  #standingOf(person: string): Standing | undefined {
    return this.#standings === undefined ? undefined : (this.#standings.get(person) ?? NOBODY);
  }
}

const NOBODY: Standing = { roles: [], approvesUpTo: undefined };

/** May this key's person do this? Whether the key is a person's is another question. */
export function mayDo({ standing }: KeyRecord, right: RoleRight): boolean {
  return standing === undefined || rolesAllow(standing.roles, right);
}

/**
 * The keys as they stood at a decision time, for evidence of what has happened: a vote that was cast, a permit that was used. A key that was
 * revoked later does not undo that. Nobody gains by speaking of the past: votes are collected, and orders written, by the keys of now.
 */
export function keysAsOf(keys: Keys, timeMs: number): Keys {
  return {
    find(keyid) {
      const key = keys.find(keyid);
      if (key?.revokedAtMs === undefined || timeMs >= key.revokedAtMs + UNREAD_MS) return key;
      return { ...key, state: KeyState.VERIFY_ONLY };
    },
  };
}

/**
 * Why a key may not verify what was signed at `sentAtMs`, or undefined. Its beginning is judged by our clock too, so that nobody
 * signs ahead of it; its end by the signing time, because what was said in time stays said. A thief of a key past its end can
 * still speak of the past: revoke it.
 */
export function keyStateCode(key: KeyRecord, sentAtMs: number, nowMs: number): PipelineCode | undefined {
  if (key.state === KeyState.REVOKED) return key.reason === "compromised" ? "KEY_COMPROMISED" : "KEY_REVOKED";
  if (key.state !== KeyState.ACTIVE && key.state !== KeyState.VERIFY_ONLY) return "KEY_PENDING";
  if (Math.min(sentAtMs, nowMs) < key.validFromMs) return "KEY_NOT_YET_VALID";
  if (sentAtMs >= key.validUntilMs) return "KEY_EXPIRED";
  return undefined;
}

/** May this key's sender say this type on this topic, or as this call? */
export function allows(key: KeyRecord, { type, topic }: { readonly type: string; readonly topic: string }): boolean {
  return key.rights.get(topic)?.has(type) === true;
}

/** So long after its revocation a key may have been believed by who had not read of it: the fence's lease, and clocks that are apart. */
const UNREAD_MS = 10_000;

function recordOf(grant: KeyGrant, atMs: number | undefined): KeyRecord {
  const { publicKey, sender, purpose, state } = grant;
  if (publicKey === undefined || sender === undefined || purpose === undefined || state === undefined) {
    throw new Error("broken invariant: a registered grant is complete");
  }
  const key = importPublicKey(publicKey);
  return {
    keyid: key.keyid,
    publicKey: key,
    sender,
    person: grant.person === true,
    purpose,
    modes: new Set(grant.modes),
    rights: rightsOf(grant),
    validFromMs: Number(grant.validFromMs),
    validUntilMs: Number(grant.validUntilMs),
    state,
    reason: grant.reason,
    revokedAtMs: state === KeyState.REVOKED ? atMs : undefined,
    standing: undefined,
  };
}

/** Topics have no space. */
function rightsOf({ types }: KeyGrant): KeyRecord["rights"] {
  const rights = new Map<string, Set<string>>();
  for (const { type = "", topic = "" } of types) rights.set(topic, (rights.get(topic) ?? new Set()).add(type));
  return rights;
}

/** Where a key stands on its way; undefined for a revocation without one of the two reasons. */
function rank({ state, reason }: KeyRecord): number | undefined {
  if (state !== KeyState.REVOKED) return state;
  if (reason === "superseded") return KeyState.REVOKED;
  return reason === "compromised" ? KeyState.REVOKED + 1 : undefined;
}

const nothing = new Uint8Array(0);
