/** Checkpoints: signed notes over the head of a log (c2sp.org/tlog-checkpoint): origin, size and root, a line each. */
import type { Signer } from "@countersign/envelope";
import { decodeBase64 } from "./base64.ts";
import { AuditError } from "./error.ts";
import { signNote } from "./note.ts";

export interface CheckpointText {
  /** Which log. It is also the name of the key that signs. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The origin of a platform's audit log. A name made of the genesis, so that one platform's log cannot pass for another's. */
export function auditOrigin(platform: string): string {
  return `countersign/${platform}`;
}

/** The name under which a validator cosigns the checkpoints of a log. */
export function cosignerName(origin: string, validator: string): string {
  return `${origin}/${validator}`;
}

/** The note's text. Throws `BAD_CHECKPOINT`. */
export function formatCheckpoint({ origin, size, root }: CheckpointText): string {
  if (origin === "" || origin.includes("\n")) throw new AuditError("BAD_CHECKPOINT", "the origin is one line");
  if (!Number.isSafeInteger(size) || size < 0) throw new AuditError("BAD_CHECKPOINT", `a log of ${size} leaves`);
  return `${origin}\n${size}\n${Buffer.from(root).toString("base64")}\n`;
}

/** Undefined when the text is no checkpoint. Lines after the third are extensions, and left alone. */
export function parseCheckpoint(text: string): CheckpointText | undefined {
  if (!text.endsWith("\n")) return undefined;
  const lines = text.slice(0, -1).split("\n");
  const [origin = "", size = "", base64 = ""] = lines;
  const root = decodeBase64(base64);
  if (lines.includes("") || root === undefined || root.length === 0) return undefined;
  if (!/^(0|[1-9]\d*)$/.test(size) || !Number.isSafeInteger(Number(size))) return undefined;
  return { origin, size: Number(size), root };
}

/** The signed note. Throws `BAD_CHECKPOINT`; `BAD_NOTE` when the origin has a space or a plus. */
export function signCheckpoint(checkpoint: CheckpointText, signer: Signer): string {
  return signNote(formatCheckpoint(checkpoint), checkpoint.origin, signer);
}
