/** The checkpoints of a file against the tree over its records. */
import { KeyPurpose } from "@countersign/contracts";
import type { KeyRecord } from "@countersign/envelope";
import { type Authority, checkpointKeys } from "./authority.ts";
import { auditOrigin, type CheckpointText, cosignerName, parseCheckpoint } from "./checkpoint.ts";
import { type Finding, finding } from "./findings.ts";
import { openNote } from "./note.ts";
import { cosignerKey, formatNoteKey, type NoteKey, noteKey } from "./note-key.ts";
import type { AuditFile, FileNote } from "./read.ts";

export interface VerifiedCheckpoint extends CheckpointText {
  readonly line: number;
  /** The key that signed it, as other tools of transparency logs take it ("vkey"). */
  readonly key: string;
  /** The validators that cosigned it, and their keys in the same form. */
  readonly cosigners: readonly { readonly validator: string; readonly key: string }[];
}

/**
 * Each is signed by a key that the genesis names for it, and its root is that of the first `size` records: so they are consistent with
 * each other too. The last one speaks for the whole file: a majority of the validators has to have cosigned it.
 */
export function checkCheckpoints(
  { notes, records, tree }: AuditFile,
  authority: Authority,
): { readonly checkpoints: readonly VerifiedCheckpoint[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const checkpoints: VerifiedCheckpoint[] = [];
  const keys = checkpointKeys(authority);
  let last = -1;
  for (const note of notes) {
    const opened = openCheckpoint(note, authority, keys);
    if ("code" in opened) {
      findings.push(opened);
      continue;
    }
    const wrong = wrongHead(opened, { records, tree }, last);
    if (wrong === undefined) checkpoints.push(opened);
    else findings.push(wrong);
    last = Math.max(last, opened.size);
  }
  const covered = Math.max(last, 0);
  const uncovered = records[covered];
  const nobody = `no checkpoint speaks for record ${covered} and those after it`;
  if (notes.length === 0) return { checkpoints, findings: [finding(0, "NO_CHECKPOINT", "it has no checkpoint")] };
  if (uncovered !== undefined) findings.push(finding(uncovered.line, "UNCOVERED", nobody)); // P08.covered
  findings.push(...checkCosigners(authority, checkpoints.at(-1)));
  return { checkpoints, findings };
}

/** Against the tree, and the checkpoint before it, which was over `last` records. */
function wrongHead(
  { line, size, root }: VerifiedCheckpoint,
  { records, tree }: Pick<AuditFile, "records" | "tree">,
  last: number,
): Finding | undefined {
  const sizes = `a checkpoint over ${size} records, after one over ${Math.max(last, 0)}, in a file of ${records.length}`;
  if (size > records.length || size <= last) return finding(line, "WRONG_SIZE", sizes); // P08.size
  const rewritten = `the first ${size} records are not those that the checkpoint was signed over`;
  if (Buffer.compare(root, tree.root(size)) !== 0) return finding(line, "WRONG_ROOT", rewritten); // P08.root
  return undefined;
}

function openCheckpoint(
  { line, note }: FileNote,
  { platform, validators }: Authority,
  keys: readonly KeyRecord[],
): VerifiedCheckpoint | Finding {
  const origin = auditOrigin(platform);
  const known = keys.map((key) => noteKeyOf(origin, validators, key));
  const opened = openNote(note, known);
  if (!opened.ok) return finding(line, opened.code, noteTexts[opened.code]);
  const [stranger] = opened.unknown;
  if (stranger !== undefined)
    return finding(
      line,
      "UNKNOWN_SIGNATURE",
      `the checkpoint has a signature of ${stranger.name}, whose key is not known`,
    );
  const checkpoint = parseCheckpoint(opened.text);
  if (checkpoint === undefined) return finding(line, "NO_CHECKPOINT_TEXT", "what is signed there is no checkpoint");
  if (checkpoint.origin !== origin)
    return finding(line, "WRONG_ORIGIN", `a checkpoint of ${checkpoint.origin}, expected one of ${origin}`);
  const signers = opened.signatures.map(({ key }) => key);
  const signer = signers.find(({ kind }) => kind === "ed25519");
  if (signer === undefined) return finding(line, "NO_KNOWN_SIGNATURE", noteTexts.NO_KNOWN_SIGNATURE);
  const cosigners = validators.flatMap((validator) => {
    const key = signers.find(({ kind, name }) => kind === "cosignature" && name === cosignerName(origin, validator));
    return key === undefined ? [] : [{ validator, key: formatNoteKey(key) }];
  });
  return { line, ...checkpoint, key: formatNoteKey(signer), cosigners };
}

/** A validator's key cosigns, and nothing else; anybody else's writes the log. */
function noteKeyOf(origin: string, validators: readonly string[], { sender, publicKey }: KeyRecord): NoteKey {
  return validators.includes(sender)
    ? cosignerKey(cosignerName(origin, sender), publicKey)
    : noteKey(origin, publicKey);
}

/** Not of platforms from before there were cosignatures: their genesis, the root of trust, gave no validator a key for it. */
function checkCosigners({ validators, keys }: Authority, checkpoint: VerifiedCheckpoint | undefined): Finding[] {
  const cosigns = ({ purpose, sender }: KeyRecord) => purpose === KeyPurpose.CHECKPOINT && validators.includes(sender);
  const needed = keys.records().some(cosigns) ? Math.floor(validators.length / 2) + 1 : 0;
  if (checkpoint === undefined) return [];
  const { line, cosigners } = checkpoint;
  const few = `${cosigners.length} validators have cosigned it, ${needed} are needed`;
  if (cosigners.length < needed) return [finding(line, "NOT_COSIGNED", few)]; // P08.cosigned
  return [];
}

const noteTexts = {
  MALFORMED_NOTE: "the checkpoint is no signed note",
  BAD_NOTE_SIGNATURE: "the checkpoint's signature does not verify",
  NO_KNOWN_SIGNATURE: "the checkpoint is signed by no key that the genesis names for checkpoints",
} as const;
