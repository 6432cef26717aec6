/** Who may say what, from the file alone: the genesis entry names all keys, later control entries change them. */
import { type KeyGrant, KeyPurpose, KeyState, type Mode } from "@countersign/contracts";
import { checkRights, type KeyRecord, Keyring, openEnvelope, sha256 } from "@countersign/envelope";
import { type FileEntry, type Propose, readEntry } from "./entries.ts";
import { type Finding, finding } from "./findings.ts";
import type { AuditFile } from "./read.ts";

export interface Authority {
  /** SHA-256, hex, of the serialised ProposeRequest of the genesis: the root of all trust, for a person to compare. */
  readonly genesisDigest: string;
  readonly platform: string;
  readonly mode: Mode;
  readonly validators: readonly string[];
  readonly membersVersion: bigint;
  /** As of the record that is being read: changed in place as control entries come. */
  readonly keys: Keyring;
}

/** Of the control log's first entry, wherever it stands: whoever spoke before it was published is named in it all the same. */
export function findGenesis(file: AuditFile): Authority | Finding {
  for (const record of file.records) {
    const entry = record.topic === "control.halt.v1" ? readEntry(record) : undefined;
    if (entry?.seq === 1n) return foldGenesis(entry);
  }
  return finding(0, "NO_GENESIS", "it has no genesis entry, so nobody's key is known");
}

/** Every proposal of an entry is under its own sender's signature, and nobody but a person changes keys. */
export function checkProposes(authority: Authority, { line, proposes }: FileEntry): Finding[] {
  return proposes.flatMap((propose) => {
    const wrong = forgery(authority, propose);
    return wrong === undefined ? [] : [finding(line, "FORGED_PROPOSE", `a proposal in it is not authentic: ${wrong}`)];
  });
}

/** Applies the key changes of an entry that was found to be in order. */
export function applyKeyChanges({ keys }: Authority, { line, proposes }: FileEntry): Finding[] {
  return proposes.flatMap(({ request: { content }, sentAtMs }) => {
    if (content.case !== "key") return [];
    const wrong = content.value.grant === undefined ? "no grant" : changeKey(keys, content.value.grant, sentAtMs);
    return wrong === undefined ? [] : [finding(line, "BAD_KEY_CHANGE", `its change of a key is refused: ${wrong}`)];
  });
}

/** The keys that may sign checkpoints, the log's and the validators'. They have to be good at the end of the file. */
export function checkpointKeys({ keys, mode }: Authority): readonly KeyRecord[] {
  const verifies: readonly KeyState[] = [KeyState.ACTIVE, KeyState.VERIFY_ONLY];
  return keys
    .records()
    .filter(
      ({ purpose, state, modes }) => purpose === KeyPurpose.CHECKPOINT && verifies.includes(state) && modes.has(mode),
    );
}

function foldGenesis({ line, proposes: [propose, ...more] }: FileEntry): Authority | Finding {
  if (propose === undefined || more.length > 0 || propose.request.content.case !== "genesis")
    return finding(line, "NO_GENESIS", "the first control entry is no genesis");
  const { mode, platform, validators, membersVersion, keys: grants } = propose.request.content.value;
  if (mode === undefined || !platform || validators.length === 0 || membersVersion === undefined)
    return finding(line, "BAD_GENESIS", "the genesis lacks a field");
  const keys = new Keyring();
  for (const grant of grants) {
    const wrong = keys.grant(grant);
    if (wrong !== undefined) return finding(line, "BAD_GENESIS", `the genesis grants a key that cannot be: ${wrong}`);
  }
  const genesisDigest = Buffer.from(sha256(propose.requestBytes)).toString("hex");
  return { genesisDigest, platform, mode, validators, membersVersion, keys };
}

function forgery({ keys, mode }: Authority, { envelope, sentAtMs, request }: Propose): string | undefined {
  const opened = openEnvelope(envelope, keys);
  if (!opened.ok) return opened.text;
  // At its own time: the reader's clock must not change what a log says.
  const wrong = checkRights(opened, { keys, topic: "QuorumService.Propose", mode, nowMs: sentAtMs });
  if (wrong !== undefined) return wrong.text;
  const isPerson = keys.find(opened.keyid)?.person === true;
  const isPersons = request.content.case === "key" || request.content.case === "change";
  return isPersons && !isPerson ? "keys, roles and limits are changed by persons" : undefined;
}

function changeKey(keys: Keyring, grant: KeyGrant, atMs: number): string | undefined {
  return keys.find(grant.keyid ?? "") === undefined ? keys.grant(grant) : keys.change(grant, atMs);
}
