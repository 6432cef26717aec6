/**
 * The keys that the control log grants. A key's state goes forward only: pending → active → verify-only → revoked. Two active
 * keys of one sender overlap during a rotation.
 */
import { type KeyGrant, type KeyPurpose, KeyState, type Mode } from "@countersign/contracts";
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

  find(keyid: string): KeyRecord | undefined {
    return this.#records.get(keyid);
  }

  records(): readonly KeyRecord[] {
    return [...this.#records.values()];
  }

  /** Registers a key. Returns what is wrong with the grant, and changes nothing then. */
  grant(grant: KeyGrant): KeyringCode | undefined {
    const wrong = checkRegistration(grant);
    if (wrong !== undefined) return wrong;
    const record = recordOf(grant);
    if (this.#records.has(record.keyid)) return "ALREADY_GRANTED";
    if (rank(record) === undefined) return "NO_REASON";
    this.#grants.set(record.keyid, grant);
    this.#records.set(record.keyid, record);
    return undefined;
  }

  /** Moves a key forward: the same grant with another state. Returns what is wrong, and changes nothing then. */
  change(grant: KeyGrant): KeyringCode | undefined {
    const wrong = checkRegistration(grant);
    if (wrong !== undefined) return wrong;
    const next = recordOf(grant);
    const known = this.#records.get(next.keyid);
    if (known === undefined) return "NEVER_GRANTED";
    // The proof covers everything but state and reason, and Ed25519 signs the same bytes the same way.
    if (Buffer.compare(this.#grants.get(next.keyid)?.proof ?? nothing, grant.proof ?? nothing) !== 0)
      return "GRANT_ALTERED";
    const to = rank(next);
    if (to === undefined) return "NO_REASON";
    if (to <= (rank(known) ?? 0)) return "STATE_BACKWARDS";
    this.#records.set(next.keyid, next);
    return undefined;
  }
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

function recordOf(grant: KeyGrant): KeyRecord {
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
