/**
 * The fold of the control log: from its entries to what every process must know of it. Pure: no clock, no I/O; each proposal is read at
 * its own time, with the keys that the entries before it grant. It judges an entry's content; that the entry is the next one and
 * certified is for its reader to check (`FenceReader`).
 *
 * The platform is born halted: only a resume that names "birth" opens trading.
 */
import {
  type Change,
  type FenceState,
  type KeyChange,
  type KeyGrant,
  KeyPurpose,
  KeyState,
  type ProposeRequest,
  type RoleGrant,
} from "@countersign/contracts";
import { hex, Keyring, type KeyringCode, mayDo } from "@countersign/envelope";
import { type Members, majority } from "./certificate.ts";
import { type ChangeCode, checkChange, hasAdmins } from "./change.ts";
import { type Entry, emptyHead, sameBytes } from "./entry.ts";
import { foldGenesis, type GenesisCode, type GenesisFacts, genesisDigest } from "./genesis.ts";
import { checkHaltAuthority, type HaltCode, openHaltOf } from "./halt.ts";
import { checkKeyChange } from "./key-change.ts";
import { type OpenedPropose, openPropose, type ProposeCode, peekPropose } from "./propose.ts";
import { checkResume, type ResumeCode } from "./resume.ts";

export interface ControlState {
  readonly fence: FenceState;
  /** Undefined before the first entry. */
  readonly genesis: GenesisFacts | undefined;
  /** Copied for each change, so that a state never changes. */
  readonly keys: Keyring;
  /** What made them, in order. */
  readonly grants: readonly TimedGrant[];
  readonly roles: readonly RoleGrant[];
  /** How many changes of roles and limits there were. */
  readonly changes: bigint;
  /** SHA-256 of the one genesis that this fold accepts. */
  readonly genesisDigest: Uint8Array;
}

interface TimedGrant {
  readonly grant: KeyGrant;
  /** Decision time of its entry, ms. */
  readonly atMs: number;
}

/**
 * - `NOT_GENESIS`: the first entry is not the configured genesis alone; `GENESIS_AGAIN`: a later one is a genesis
 * - `WRONG_LOG`: content of the ledger
 * - `HALT_ALTERED`: the id of a halt in force, with another level or scope
 * - `NOT_A_PERSON`: keys, roles and limits are changed by persons, and all but a revocation by as many as a resume needs
 * - `NO_ROLES`: the genesis knows none; `TOO_FEW_ADMINS`: nobody could change anything after it
 * - `TOO_FEW_VOTERS`: fewer than a majority of the validators would have keys, and nothing could ever be certified again: enrol others first
 * - the codes of what is folded
 */
export type ControlCode =
  | "NOT_GENESIS"
  | "GENESIS_AGAIN"
  | "WRONG_LOG"
  | "HALT_ALTERED"
  | "NO_ROLES"
  | "TOO_FEW_ADMINS"
  | "TOO_FEW_VOTERS"
  | ChangeCode
  | ProposeCode
  | GenesisCode
  | HaltCode
  | ResumeCode
  | KeyringCode;

export type ControlResult =
  | { readonly ok: true; readonly state: ControlState }
  | { readonly ok: false; readonly code: ControlCode };

export function bornHalted(expectedGenesis: Uint8Array): ControlState {
  const head = { seq: emptyHead.seq, digest: hex(emptyHead.digest) };
  const birth = { id: "birth", level: 1, scope: { kind: "all" } } as const;
  return {
    fence: { epoch: 0n, halts: [birth], released: [], head },
    genesis: undefined,
    keys: new Keyring(),
    grants: [],
    roles: [],
    changes: 0n,
    genesisDigest: expectedGenesis,
  };
}

/** The state after the entry, or why it is refused. An entry is folded whole or not at all. */
export function applyControl(before: ControlState, entry: Entry): ControlResult {
  let state = before;
  for (const propose of entry.proposes) {
    const result = state.genesis === undefined ? applyGenesis(state, entry, propose) : applyPropose(state, propose);
    if (!result.ok) return result;
    state = result.state;
  }
  const head = { seq: entry.seq, digest: hex(entry.digest) };
  return { ok: true, state: { ...state, fence: { ...state.fence, head } } };
}

function applyGenesis(state: ControlState, entry: Entry, propose: Uint8Array): ControlResult {
  const peeked = peekPropose(propose);
  if (entry.seq !== 1n || entry.proposes.length !== 1) return refuse("NOT_GENESIS");
  if (peeked === undefined || !sameBytes(genesisDigest(peeked.payload), state.genesisDigest))
    return refuse("NOT_GENESIS");
  const { content } = peeked.request;
  if (content.case !== "genesis") return refuse("NOT_GENESIS");
  const folded = foldGenesis(content.value);
  if (!folded.ok) return folded;
  const opened = openPropose(propose, { keys: folded.keys, mode: folded.facts.mode });
  if (!opened.ok) return opened;
  if (opened.log !== "control") return refuse("WRONG_LOG");
  const { facts, keys } = folded;
  const atMs = Number(opened.envelope.body.sentAtMs);
  const grants = content.value.keys.map((grant) => ({ grant, atMs }));
  const fence = { ...state.fence, limits: hex(facts.limitsDigest) };
  return accept({ ...state, genesis: facts, keys, grants, roles: content.value.roles, fence });
}

function applyPropose(state: ControlState, bytes: Uint8Array): ControlResult {
  const { genesis } = state;
  if (genesis === undefined) return refuse("NOT_GENESIS");
  const propose = openPropose(bytes, { keys: state.keys, mode: genesis.mode });
  if (!propose.ok) return propose;
  if (propose.log !== "control") return refuse("WRONG_LOG");
  const { content } = propose;
  switch (content.case) {
    case "genesis":
      return refuse("GENESIS_AGAIN");
    case "halt":
      return applyHalt(state, content.value, propose, genesis);
    case "resume":
      return applyResume(state, content.value, propose, genesis);
    case "key":
      return applyKeyChange(state, content.value, propose, genesis);
    case "change":
      return applyChange(state, content.value, propose, genesis);
    default:
      return refuse("WRONG_LOG");
  }
}

type Content<Case> = Extract<ProposeRequest["content"], { readonly case: Case }>;

function applyHalt(
  state: ControlState,
  halt: Content<"halt">["value"],
  propose: OpenedPropose,
  { mode }: GenesisFacts,
): ControlResult {
  const { fence, keys } = state;
  const open = openHaltOf(halt);
  if (open === undefined) return refuse("BAD_HALT");
  const wrong = checkHaltAuthority(halt, propose, { keys, mode });
  if (wrong !== undefined) return refuse(wrong);
  // A halt comes by several ways; what a resume has released stays released, however late a copy is.
  if (fence.released.includes(open.id)) return accept(state);
  const known = fence.halts.find(({ id }) => id === open.id);
  if (known === undefined)
    return accept({ ...state, fence: { ...fence, epoch: fence.epoch + 1n, halts: [...fence.halts, open] } });
  const isSame = known.level === open.level && JSON.stringify(known.scope) === JSON.stringify(open.scope);
  return isSame ? accept(state) : refuse("HALT_ALTERED");
}

function applyResume(
  state: ControlState,
  resume: Content<"resume">["value"],
  propose: OpenedPropose,
  { mode, resumePersons }: GenesisFacts,
): ControlResult {
  const { fence, keys } = state;
  const nowMs = Number(propose.envelope.body.sentAtMs);
  const wrong = checkResume(resume, fence, resumePersons, { keys, mode, nowMs });
  if (wrong !== undefined) return refuse(wrong);
  const halts = fence.halts.filter(({ id }) => !resume.haltIds.includes(id));
  const released = [...new Set([...fence.released, ...resume.haltIds])];
  return accept({ ...state, fence: { ...fence, epoch: fence.epoch + 1n, halts, released } });
}

function applyKeyChange(
  state: ControlState,
  change: KeyChange,
  propose: OpenedPropose,
  { mode, resumePersons, members }: GenesisFacts,
): ControlResult {
  const { grant } = change;
  if (!propose.key.person) return refuse("NOT_A_PERSON");
  if (grant === undefined) return refuse("BAD_PROPOSE");
  if (!mayDo(propose.key, "revoke")) return refuse("ROLE_MISSING");
  const nowMs = Number(propose.envelope.body.sentAtMs);
  const unsigned = checkKeyChange(change, resumePersons, { keys: state.keys, mode, nowMs });
  if (unsigned !== undefined) return refuse(unsigned);
  const grants = [...state.grants, { grant, atMs: nowMs }];
  const keys = state.keys.copy();
  const isKnown = keys.find(grant.keyid ?? "") !== undefined;
  const wrong = isKnown ? keys.change(grant, nowMs) : keys.grant(grant);
  if (wrong !== undefined) return refuse(wrong);
  return isQuorate(keys, members) ? accept({ ...state, keys, grants }) : refuse("TOO_FEW_VOTERS");
}

/** Whether a majority of the validators can vote, and say so. One person takes keys away: alone he is not to end the platform with it. */
function isQuorate(keys: Keyring, members: Members): boolean {
  const has = new Map<string, Set<KeyPurpose>>();
  for (const { sender, purpose, state } of keys.records())
    if (state === KeyState.ACTIVE) has.set(sender, (has.get(sender) ?? new Set()).add(purpose));
  const voting = members.validators.filter((name) =>
    [KeyPurpose.VOTE, KeyPurpose.ENVELOPE].every((purpose) => has.get(name)?.has(purpose)),
  );
  return voting.length >= majority(members);
}

function applyChange(
  state: ControlState,
  change: Change,
  propose: OpenedPropose,
  { mode, resumePersons }: GenesisFacts,
): ControlResult {
  if (!propose.key.person) return refuse("NOT_A_PERSON");
  const nowMs = Number(propose.envelope.body.sentAtMs);
  const number = state.changes + 1n;
  const wrong = checkChange(change, number, resumePersons, { keys: state.keys, mode, nowMs });
  if (wrong !== undefined) return refuse(wrong);
  const what = change.changed?.what;
  if (what?.case === "limits") {
    const fence = { ...state.fence, limits: hex(what.value.digest ?? NOTHING) };
    return accept({ ...state, changes: number, fence });
  }
  if (what?.case !== "role") return refuse("BAD_CHANGE");
  // Who had every right would have none with the first role of somebody else: such a platform is founded anew.
  if (state.roles.length === 0) return refuse("NO_ROLES");
  const roles = [...state.roles, what.value];
  if (!hasAdmins(roles, resumePersons)) return refuse("TOO_FEW_ADMINS");
  const keys = state.keys.copy();
  keys.assign(what.value);
  return accept({ ...state, changes: number, keys, roles });
}

const NOTHING = new Uint8Array(0);

function accept(state: ControlState): ControlResult {
  return { ok: true, state };
}

function refuse(code: ControlCode): ControlResult {
  return { ok: false, code };
}
