/**
 * Signed notes: a text and signature lines below it (c2sp.org/signed-note, version 1.0.0), with Ed25519 signatures of type 0x01 and the
 * cosignatures of type 0x04. The same format as Go's checksum database and most transparency logs use.
 *
 * A note may have several signatures; those of unknown keys are returned apart and prove nothing.
 */
import { type Signer, verify } from "@countersign/envelope";
import { decodeBase64 } from "./base64.ts";
import { cosign, verifyCosignature } from "./cosignature.ts";
import { AuditError } from "./error.ts";
import { isKeyName, isNoteText, keyId, type NoteKey, type NoteKeyKind } from "./note-key.ts";

export interface NoteSignature {
  readonly name: string;
  /** uint32 */
  readonly id: number;
  /** 64 bytes; of a cosignature 8 of its time before them. */
  readonly signature: Uint8Array;
}

/** One that holds, and whose it is. */
export interface KnownSignature extends NoteSignature {
  readonly key: NoteKey;
}

/**
 * - `MALFORMED_NOTE`: not in the format
 * - `BAD_NOTE_SIGNATURE`: a known key's signature does not verify
 * - `NO_KNOWN_SIGNATURE`: none is by a known key
 */
export type NoteCode = "MALFORMED_NOTE" | "BAD_NOTE_SIGNATURE" | "NO_KNOWN_SIGNATURE";

export type OpenedNote =
  | {
      readonly ok: true;
      readonly text: string;
      readonly signatures: readonly KnownSignature[];
      readonly unknown: readonly NoteSignature[];
    }
  | { readonly ok: false; readonly code: NoteCode };

/** The text, which ends in a newline, with one signature below it. Throws `BAD_NOTE`. */
export function signNote(text: string, name: string, signer: Signer): string {
  if (!isNoteText(text) || !text.endsWith("\n")) throw new AuditError("BAD_NOTE", "a note is lines of text, all ended");
  return `${text}\n${signatureLine({ name, kind: "ed25519", signer }, signer.sign(Buffer.from(text)))}`;
}

/** A cosignature of a note: the line, to be put below the others. `timeS`: seconds since 1970. Throws `BAD_NOTE`. */
export function cosignNote(note: string, name: string, signer: Signer, timeS: number): string {
  const split = splitNote(note);
  if (split === undefined) throw new AuditError("BAD_NOTE", "what is to be cosigned is no note");
  return signatureLine({ name, kind: "cosignature", signer }, cosign(split.text, timeS, signer));
}

/** The text, when a known key signed it and no known key's signature fails. Never throws. */
export function openNote(note: string, keys: readonly NoteKey[]): OpenedNote {
  const split = splitNote(note);
  if (split === undefined) return { ok: false, code: "MALFORMED_NOTE" };
  const { text } = split;
  const signatures: KnownSignature[] = [];
  const unknown: NoteSignature[] = [];
  for (const line of split.signatures) {
    const key = keys.find(({ name, id }) => name === line.name && id === line.id);
    if (key === undefined) unknown.push(line);
    else if (holds(key, text, line.signature)) signatures.push({ ...line, key });
    else return { ok: false, code: "BAD_NOTE_SIGNATURE" };
  }
  if (signatures.length === 0) return { ok: false, code: "NO_KNOWN_SIGNATURE" };
  return { ok: true, text, signatures, unknown };
}

/** As Go's reader has it: enough for every witness, and no way to keep a verifier busy. */
const SIGNATURES_MAX = 100;

const DASH = "\u2014";

function holds({ kind, publicKey }: NoteKey, text: string, signature: Uint8Array): boolean {
  return kind === "cosignature"
    ? verifyCosignature(publicKey, text, signature)
    : verify(publicKey, Buffer.from(text), signature);
}

interface By {
  readonly name: string;
  readonly kind: NoteKeyKind;
  readonly signer: Signer;
}

function signatureLine({ name, kind, signer }: By, signature: Uint8Array): string {
  if (!isKeyName(name)) throw new AuditError("BAD_NOTE", `${JSON.stringify(name)} is no key name: no space, no plus`);
  const id = Buffer.alloc(4);
  id.writeUInt32BE(keyId(name, kind, signer.publicKey));
  return `${DASH} ${name} ${Buffer.concat([id, signature]).toString("base64")}\n`;
}

/** At the last empty line: the text may have empty lines too. */
function splitNote(note: string): { text: string; signatures: readonly NoteSignature[] } | undefined {
  const at = note.lastIndexOf("\n\n");
  if (!isNoteText(note) || at < 0 || !note.endsWith("\n")) return undefined;
  const lines = note.slice(at + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) return undefined;
  const signatures = lines.map(readSignature);
  if (!signatures.every((one) => one !== undefined)) return undefined;
  return { text: note.slice(0, at + 1), signatures };
}

function readSignature(line: string): NoteSignature | undefined {
  const [dash, name = "", base64 = "", ...more] = line.split(" ");
  const bytes = decodeBase64(base64);
  if (dash !== DASH || !isKeyName(name) || bytes === undefined || bytes.length < 5 || more.length > 0) return undefined;
  return { name, id: Buffer.from(bytes).readUInt32BE(0), signature: bytes.subarray(4) };
}
