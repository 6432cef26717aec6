/** The checkpoints of a file against the tree over its records. */
import type { KeyRecord } from "@countersign/envelope";
import { type Authority, checkpointKeys } from "./authority.ts";
import { auditOrigin, type CheckpointText, parseCheckpoint } from "./checkpoint.ts";
import { type Finding, finding } from "./findings.ts";
import { formatNoteKey, noteKey, openNote } from "./note.ts";
import type { AuditFile, FileNote } from "./read.ts";

export interface VerifiedCheckpoint extends CheckpointText {
  readonly line: number;
  /** The key that signed it, as other tools of transparency logs take it ("vkey"). */
  readonly key: string;
}

/**
 * Each is signed by a key that the genesis names for it, and its root is that of the first `size` records: so they are consistent with
 * each other too. The last one speaks for the whole file.
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
    const { line, size, root } = opened;
    if (size > records.length || size <= last)
      findings.push(
        finding(
          line,
          "WRONG_SIZE",
          `a checkpoint over ${size} records, after one over ${Math.max(last, 0)}, in a file of ${records.length}`,
        ),
      );
    else if (Buffer.compare(root, tree.root(size)) !== 0)
      findings.push(
        finding(line, "WRONG_ROOT", `the first ${size} records are not those that the checkpoint was signed over`),
      );
    else checkpoints.push(opened);
    last = Math.max(last, size);
  }
  const covered = Math.max(last, 0);
  if (notes.length === 0) findings.push(finding(0, "NO_CHECKPOINT", "it has no checkpoint"));
  else if (covered < records.length)
    findings.push(
      finding(records[covered]!.line, "UNCOVERED", `no checkpoint speaks for record ${covered} and those after it`),
    );
  return { checkpoints, findings };
}

function openCheckpoint(
  { line, note }: FileNote,
  { platform }: Authority,
  keys: readonly KeyRecord[],
): VerifiedCheckpoint | Finding {
  const origin = auditOrigin(platform);
  const known = keys.map(({ publicKey }) => noteKey(origin, publicKey));
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
  const [{ id } = { id: -1 }] = opened.signatures;
  const key = known.find((one) => one.id === id)!;
  return { line, ...checkpoint, key: formatNoteKey(key) };
}

const noteTexts = {
  MALFORMED_NOTE: "the checkpoint is no signed note",
  BAD_NOTE_SIGNATURE: "the checkpoint's signature does not verify",
  NO_KNOWN_SIGNATURE: "the checkpoint is signed by no key that the genesis names for checkpoints",
} as const;
