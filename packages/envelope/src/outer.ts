/**
 * The outer form, `Signed`, in bytes. Nothing signs it, so it has one form only: fields in order, each once, shortest varints,
 * nothing unknown. No byte of an envelope can be changed without being noticed, but for what is `attached`, which speaks for
 * itself. A new outer field therefore needs readers first.
 */
import { LEN, type Reader, readOrUndefined, VARINT, Writer } from "./wire.ts";

export interface Outer {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly { readonly keyid: string; readonly sig: Uint8Array }[];
  readonly inclusion?: OuterInclusion | undefined;
  /** Each a serialised `Signed`. */
  readonly attached: readonly Uint8Array[];
}

export interface OuterInclusion {
  readonly index: number;
  readonly size: number;
  /** From the leaf up. */
  readonly path: readonly Uint8Array[];
}

/** The same bytes as the generated codec writes. */
export function encodeOuter({ payloadType, payload, signatures, inclusion, attached }: Outer): Uint8Array {
  writer.string(1, payloadType);
  writer.bytes(2, payload);
  for (const { keyid, sig } of signatures) {
    writer.message(3, () => {
      writer.string(1, keyid);
      writer.bytes(2, sig);
    });
  }
  if (inclusion !== undefined) {
    writer.message(4, () => {
      writer.uint64(1, BigInt(inclusion.index));
      writer.uint64(2, BigInt(inclusion.size));
      for (const hash of inclusion.path) writer.bytes(3, hash);
    });
  }
  for (const signed of attached) writer.bytes(5, signed);
  return writer.finish();
}

/** Undefined when the bytes are not in the one form. What it returns are views of the bytes. */
export function decodeOuter(bytes: Uint8Array): Outer | undefined {
  return readOrUndefined(bytes, readOuter);
}

const writer = new Writer();

/** No tree has more levels. */
const PATH_MAX = 64;

function readOuter(reader: Reader): Outer {
  const signatures: Outer["signatures"][number][] = [];
  const attached: Uint8Array[] = [];
  expect(reader, 1 * 8 + LEN);
  const payloadType = reader.string();
  expect(reader, 2 * 8 + LEN);
  const payload = reader.bytes();
  let inclusion: OuterInclusion | undefined;
  for (let last = 0; !reader.done; ) {
    const tag = reader.tag();
    if (tag < last) reader.fail();
    if (tag === 3 * 8 + LEN) signatures.push(reader.message(readSignature));
    else if (tag === 4 * 8 + LEN && inclusion === undefined) inclusion = reader.message(readInclusion);
    else if (tag === 5 * 8 + LEN) attached.push(reader.bytes());
    else reader.fail();
    last = tag;
  }
  return { payloadType, payload, signatures, inclusion, attached };
}

function readSignature(reader: Reader): Outer["signatures"][number] {
  expect(reader, 1 * 8 + LEN);
  const keyid = reader.string();
  expect(reader, 2 * 8 + LEN);
  const sig = reader.bytes();
  return { keyid, sig };
}

function readInclusion(reader: Reader): OuterInclusion {
  expect(reader, 1 * 8 + VARINT);
  const index = Number(reader.uint64());
  expect(reader, 2 * 8 + VARINT);
  const size = Number(reader.uint64());
  if (!Number.isSafeInteger(size) || index >= size) reader.fail();
  const path: Uint8Array[] = [];
  while (!reader.done) {
    expect(reader, 3 * 8 + LEN);
    const hash = reader.bytes();
    if (hash.length !== 32 || path.length === PATH_MAX) reader.fail();
    path.push(hash);
  }
  return { index, size, path };
}

function expect(reader: Reader, tag: number): void {
  if (reader.done || reader.tag() !== tag) reader.fail();
}
