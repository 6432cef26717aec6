/**
 * The side of who cosigns (c2sp.org/tlog-witness): of each log it remembers the last tree that it cosigned, and cosigns another only when
 * that one begins with it. So two trees of one size, or a log that lost a record, never both get the signatures of a majority.
 *
 * What it remembers is the tree's right edge: from there a proof can be made with the leaves since, by whoever remembers nothing.
 */
import { KeyPurpose } from "@countersign/contracts";
import { type KeyRecord, keyStateCode, type PayloadReading } from "@countersign/envelope";
import { Frontier, type FrontierSnapshot, MerkleError, verifyConsistency } from "@countersign/merkle";
import { type CheckpointText, parseCheckpoint } from "./checkpoint.ts";
import { openNote } from "./note.ts";
import { noteKey } from "./note-key.ts";

export interface Growth {
  /** The checkpoint, signed by the log. */
  readonly note: string;
  /** Of the tree that the proof begins with; undefined asks where the witness stands. */
  readonly oldSize: number | undefined;
  readonly proof: readonly Uint8Array[];
  /** The right edge of the checkpoint's tree. */
  readonly edge: readonly Uint8Array[];
}

/**
 * - `BAD_NOTE`: not signed by the log, or no checkpoint of it
 * - `OTHER_SIZE`: the witness stands elsewhere: prove it from there
 * - `INCONSISTENT`: the tree does not begin with the one that was cosigned: the log has been rewritten
 * - `BAD_EDGE`: not the right edge of the checkpoint's tree
 */
export type WitnessCode = "BAD_NOTE" | "OTHER_SIZE" | "INCONSISTENT" | "BAD_EDGE";

export type Witnessed =
  | { readonly ok: true; readonly tree: FrontierSnapshot }
  | { readonly ok: false; readonly code: WitnessCode; readonly text: string };

/** Whether the checkpoint may be cosigned after `last`; then `tree` is to be remembered before it is. */
export function witness(growth: Growth, last: FrontierSnapshot, log: { origin: string; key: KeyRecord }): Witnessed {
  const checkpoint = openCheckpoint(growth.note, log);
  if (checkpoint === undefined) return no("BAD_NOTE", `no checkpoint that ${log.origin} has signed`);
  const { size, root } = checkpoint;
  if (growth.oldSize !== last.size || size < last.size)
    return no("OTHER_SIZE", `the last tree cosigned had ${last.size} records`);
  const claim = { firstSize: last.size, firstRoot: rootOf(last), secondSize: size, secondRoot: root };
  const rewritten = `a tree of ${size} records that does not begin with the ${last.size} cosigned before`;
  if (!verifyConsistency({ ...claim, proof: growth.proof })) return no("INCONSISTENT", rewritten); // P08.consistent
  const tree = { size, hashes: growth.edge };
  const edge = edgeRoot(tree);
  if (edge === undefined || Buffer.compare(edge, root) !== 0)
    return no("BAD_EDGE", `not the right edge of a tree of ${size} records`);
  return { ok: true, tree };
}

/** A key for checkpoints that this sender may use here and now: the log's own, or a validator's. */
export function checkpointKey(
  keyid: string | undefined,
  sender: string,
  { keys, mode, nowMs }: PayloadReading,
): KeyRecord | undefined {
  const key = keys.find(keyid ?? "");
  if (key?.purpose !== KeyPurpose.CHECKPOINT || key.sender !== sender || !key.modes.has(mode)) return undefined;
  return keyStateCode(key, nowMs, nowMs) === undefined ? key : undefined;
}

/** The root of a tree by its right edge; undefined when these hashes are no right edge of that size. */
export function edgeRoot(tree: FrontierSnapshot): Uint8Array | undefined {
  try {
    return rootOf(tree);
  } catch (error) {
    if (error instanceof MerkleError) return undefined;
    throw error;
  }
}

function openCheckpoint(note: string, { origin, key }: { origin: string; key: KeyRecord }): CheckpointText | undefined {
  const opened = openNote(note, [noteKey(origin, key.publicKey)]);
  const checkpoint = opened.ok ? parseCheckpoint(opened.text) : undefined;
  return checkpoint?.origin === origin ? checkpoint : undefined;
}

function rootOf(tree: FrontierSnapshot): Uint8Array {
  return Frontier.restore(tree).root();
}

function no(code: WitnessCode, text: string): Witnessed {
  return { ok: false, code, text };
}
