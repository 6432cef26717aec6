/**
 * Signed notes: a text and signature lines below it (c2sp.org/signed-note, version 1.0.0), with Ed25519 signatures of type 0x01. The same
 * format as Go's checksum database and most transparency logs use.
 *
 * A note may have several signatures; those of unknown keys are returned apart and prove nothing.
 */
import { hash } from "node:crypto";
import { importPublicKey, type PublicKey, type Signer, verify } from "@countersign/envelope";
import { AuditError } from "./error.ts";

/** A key under a name: the pair is what a signature line points at. */
export interface NoteKey {
  readonly name: string;
  readonly id: number;
  readonly publicKey: PublicKey;
}

export interface NoteSignature {
  readonly name: string;
  /** uint32 */
  readonly id: number;
  readonly signature: Uint8Array;
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
      readonly signatures: readonly NoteSignature[];
      readonly unknown: readonly NoteSignature[];
    }
  | { readonly ok: false; readonly code: NoteCode };

/** The text, which ends in a newline, with one signature below it. Throws `BAD_NOTE`. */
export function signNote(text: string, name: string, signer: Signer): string {
  if (!isText(text) || !text.endsWith("\n")) throw new AuditError("BAD_NOTE", "a note is lines of text, all ended");
  return `${text}\n${signatureLine(text, name, signer)}`;
}

/** The note with one more signature over the same text. Throws `BAD_NOTE`. */
export function cosignNote(note: string, name: string, signer: Signer): string {
  const split = splitNote(note);
  if (split === undefined) throw new AuditError("BAD_NOTE", "what is to be cosigned is no note");
  return note + signatureLine(split.text, name, signer);
}

/** The text, when a known key signed it and no known key's signature fails. Never throws. */
export function openNote(note: string, keys: readonly NoteKey[]): OpenedNote {
  const split = splitNote(note);
  if (split === undefined) return { ok: false, code: "MALFORMED_NOTE" };
  const { text } = split;
  const signatures: NoteSignature[] = [];
  const unknown: NoteSignature[] = [];
  for (const line of split.signatures) {
    const key = keys.find(({ name, id }) => name === line.name && id === line.id);
    if (key !== undefined && !verify(key.publicKey, Buffer.from(text), line.signature))
      return { ok: false, code: "BAD_NOTE_SIGNATURE" };
    (key === undefined ? unknown : signatures).push(line);
  }
  if (signatures.length === 0) return { ok: false, code: "NO_KNOWN_SIGNATURE" };
  return { ok: true, text, signatures, unknown };
}

export function noteKey(name: string, publicKey: PublicKey): NoteKey {
  return { name, id: keyId(name, publicKey.raw), publicKey };
}

/** `name+id+key`, as other tools take it on their command lines ("vkey"). */
export function formatNoteKey({ name, id, publicKey }: NoteKey): string {
  return `${name}+${idHex(id)}+${Buffer.concat([ED25519, publicKey.raw]).toString("base64")}`;
}

/** Undefined when it is no Ed25519 key in that form, or the id is not the key's. */
export function parseNoteKey(text: string): NoteKey | undefined {
  const [, name = "", id = "", base64 = ""] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const bytes = decodeBase64(base64);
  if (!isName(name) || bytes?.length !== 33 || bytes[0] !== ED25519[0]) return undefined;
  const key = noteKey(name, importPublicKey(bytes.subarray(1)));
  return idHex(key.id) === id ? key : undefined;
}

/** Strict: undefined for anything that would be written otherwise. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? new Uint8Array(bytes) : undefined;
}

/** The signature type of the specification; the only one we read. */
const ED25519 = Uint8Array.of(1);

/** As Go's reader has it: enough for every witness, and no way to keep a verifier busy. */
const SIGNATURES_MAX = 100;

const DASH = "\u2014";

function signatureLine(text: string, name: string, signer: Signer): string {
  if (!isName(name)) throw new AuditError("BAD_NOTE", `${JSON.stringify(name)} is no key name: no space, no plus`);
  const id = Buffer.alloc(4);
  id.writeUInt32BE(keyId(name, signer.publicKey));
  const signature = signer.sign(Buffer.from(text));
  return `${DASH} ${name} ${Buffer.concat([id, signature]).toString("base64")}\n`;
}

/** The first four bytes of SHA-256(name ‖ newline ‖ type ‖ key). */
function keyId(name: string, raw: Uint8Array): number {
  return hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), ED25519, raw]), "buffer").readUInt32BE(0);
}

function idHex(id: number): string {
  return id.toString(16).padStart(8, "0");
}

/** At the last empty line: the text may have empty lines too. */
function splitNote(note: string): { text: string; signatures: readonly NoteSignature[] } | undefined {
  const at = note.lastIndexOf("\n\n");
  if (!isText(note) || at < 0 || !note.endsWith("\n")) return undefined;
  const lines = note.slice(at + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) return undefined;
  const signatures = lines.map(readSignature);
  if (!signatures.every((one) => one !== undefined)) return undefined;
  return { text: note.slice(0, at + 1), signatures };
}

function readSignature(line: string): NoteSignature | undefined {
  const [dash, name = "", base64 = "", ...more] = line.split(" ");
  const bytes = decodeBase64(base64);
  if (dash !== DASH || !isName(name) || bytes === undefined || bytes.length < 5 || more.length > 0) return undefined;
  return { name, id: Buffer.from(bytes).readUInt32BE(0), signature: bytes.subarray(4) };
}

/** Well-formed Unicode, without control characters but the newline. */
function isText(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x20 && text[at] !== "\n") return false;
  return text.isWellFormed();
}

function isName(name: string): boolean {
  return name !== "" && isText(name) && !/[\s\u0085+]/u.test(name);
}
