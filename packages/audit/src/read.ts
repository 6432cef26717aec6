/** Reading the file: lines become records, notes and the tree over the records. Nothing is verified here. */
import { leafHash, MerkleLog } from "@countersign/merkle";
import { badLine, readLine } from "./lines.ts";
import { bodyBytesOf } from "./record.ts";

export interface FileRecord {
  /** From 1. */
  readonly line: number;
  /** As the line says. */
  readonly index: number;
  readonly topic: string;
  readonly envelope: Uint8Array;
  readonly bodyBytes: Uint8Array;
}

export interface FileNote {
  readonly line: number;
  readonly note: string;
}

export interface AuditFile {
  readonly records: readonly FileRecord[];
  readonly notes: readonly FileNote[];
  /** Over the records in the order of the file. */
  readonly tree: MerkleLog;
}

/** Throws `BAD_LINE`. */
export function readAudit(lines: Iterable<string>): AuditFile {
  const records: FileRecord[] = [];
  const notes: FileNote[] = [];
  const tree = new MerkleLog();
  let number = 0;
  for (const text of lines) {
    const line = readLine(text, ++number);
    if (line.kind === "checkpoint") {
      notes.push({ line: number, note: line.note });
      continue;
    }
    if (notes.length > 0) throw badLine(number, "is a record after a checkpoint");
    const { index, topic, envelope } = line;
    const bodyBytes = payloadOf(envelope, number);
    records.push({ line: number, index, topic, envelope, bodyBytes });
    tree.append(leafHash(bodyBytes));
  }
  return { records, notes, tree };
}

function payloadOf(envelope: Uint8Array, number: number): Uint8Array {
  try {
    return bodyBytesOf(envelope);
  } catch {
    throw badLine(number, "has an envelope without a body");
  }
}
