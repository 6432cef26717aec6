/** Keys of signed notes: a name, a public key, and what its signatures cover. */
import { hash } from "node:crypto";
import { importPublicKey, type PublicKey } from "@countersign/envelope";
import { decodeBase64 } from "./base64.ts";

/** A key under a name: the pair is what a signature line points at. */
export interface NoteKey {
  readonly name: string;
  /** uint32 */
  readonly id: number;
  readonly publicKey: PublicKey;
  readonly kind: NoteKeyKind;
}

/** The signature types that we read. Who writes a note signs its text; who cosigns a checkpoint, a time and the text. */
export type NoteKeyKind = "ed25519" | "cosignature";

/** Of who writes the note. */
export function noteKey(name: string, publicKey: PublicKey): NoteKey {
  return { name, id: keyId(name, "ed25519", publicKey.raw), publicKey, kind: "ed25519" };
}

/** Of who cosigns it. */
export function cosignerKey(name: string, publicKey: PublicKey): NoteKey {
  return { name, id: keyId(name, "cosignature", publicKey.raw), publicKey, kind: "cosignature" };
}

/** `name+id+key`, as other tools take it on their command lines ("vkey"). */
export function formatNoteKey({ name, id, publicKey, kind }: NoteKey): string {
  return `${name}+${idHex(id)}+${Buffer.concat([types[kind], publicKey.raw]).toString("base64")}`;
}

/** Undefined when it is no key of these kinds in that form, or the id is not the key's. */
export function parseNoteKey(text: string): NoteKey | undefined {
  const [, name = "", id = "", base64 = ""] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const bytes = decodeBase64(base64);
  const kind = kinds.find((one) => types[one][0] === bytes?.[0]);
  if (!isKeyName(name) || bytes?.length !== 33 || kind === undefined) return undefined;
  const publicKey = importPublicKey(bytes.subarray(1));
  const key = { name, id: keyId(name, kind, publicKey.raw), publicKey, kind };
  return idHex(key.id) === id ? key : undefined;
}

/** The first four bytes of SHA-256(name ‖ newline ‖ type ‖ key). */
export function keyId(name: string, kind: NoteKeyKind, raw: Uint8Array): number {
  return hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), types[kind], raw]), "buffer").readUInt32BE(0);
}

export function isKeyName(name: string): boolean {
  return name !== "" && isNoteText(name) && !/[\s\u0085+]/u.test(name);
}

/** Well-formed Unicode, without control characters but the newline. */
export function isNoteText(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x20 && text[at] !== "\n") return false;
  return text.isWellFormed();
}

const kinds = ["ed25519", "cosignature"] as const;
const types: Readonly<Record<NoteKeyKind, Uint8Array>> = {
  ed25519: Uint8Array.of(1),
  cosignature: Uint8Array.of(4),
};

function idHex(id: number): string {
  return id.toString(16).padStart(8, "0");
}
