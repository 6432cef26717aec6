/**
 * Protobuf's wire format, as far as envelopes need it (protobuf.dev/programming-guides/encoding). The generated codec walks a
 * description of the message at every call; by hand, sealing and opening a message of a batch cost a third. The tests hold both
 * codecs to the same bytes.
 */

/** Wire types. Groups (3, 4) are long deprecated and refused. */
export const VARINT = 0;
const I64 = 1;
export const LEN = 2;
const I32 = 5;

const UINT32_MAX = 0xffff_ffff;
const UINT64_MAX = 0xffff_ffff_ffff_ffffn;
const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** Writes into one growing buffer, used again by each message: encoding is synchronous, so nobody sees it half written. */
export class Writer {
  #buffer = Buffer.allocUnsafeSlow(4096);
  #at = 0;

  string(field: number, value: string): void {
    // A UTF-16 unit takes up to 3 bytes: below 43 of them the length fits one byte, and need not be counted first.
    const bytes = value.length < 43 ? 0 : Buffer.byteLength(value);
    this.#reserve(value.length * 3 + 11);
    this.#tag(field, LEN);
    if (bytes > 0) {
      this.#varint(bytes);
      this.#at += this.#buffer.write(value, this.#at, bytes, "utf8");
    } else {
      const written = this.#buffer.write(value, this.#at + 1, "utf8");
      this.#buffer[this.#at] = written;
      this.#at += 1 + written;
    }
  }

  bytes(field: number, value: Uint8Array): void {
    this.#reserve(value.length + 11);
    this.#tag(field, LEN);
    this.#varint(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  /** Throws RangeError. */
  uint32(field: number, value: number): void {
    if (!(Number.isInteger(value) && value >= 0 && value <= UINT32_MAX)) throw new RangeError(`no uint32: ${value}`);
    this.#reserve(11);
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  /** Throws RangeError. */
  uint64(field: number, value: bigint): void {
    if (value < 0n || value > UINT64_MAX) throw new RangeError(`no uint64: ${value}`);
    this.#reserve(12);
    this.#tag(field, VARINT);
    if (value <= SAFE_MAX) this.#varint(Number(value));
    else this.#bigVarint(value);
  }

  /** A nested message: what `write` writes, with its length before it. */
  message(field: number, write: () => void): void {
    this.#reserve(11);
    this.#tag(field, LEN);
    const start = this.#at;
    this.#at += 2;
    write();
    const length = this.#at - start - 2;
    const sizeBytes = varintBytes(length);
    this.#reserve(sizeBytes);
    if (sizeBytes !== 2) this.#buffer.copyWithin(start + sizeBytes, start + 2, this.#at);
    this.#at = start;
    this.#varint(length);
    this.#at += length;
  }

  /** What was written since the last finish, from Buffer's pool: a fresh array would cost as much as the rest. */
  finish(): Uint8Array {
    const out = Buffer.allocUnsafe(this.#at);
    this.#buffer.copy(out, 0, 0, this.#at);
    this.#at = 0;
    return new Uint8Array(out.buffer, out.byteOffset, out.length);
  }

  /** Forgets what was written, after a field was out of range. */
  reset(): void {
    this.#at = 0;
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    let rest = value;
    // Division stands for the shift, because numbers may pass 32 bits.
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#buffer[this.#at++] = (rest % 128) | 0x80;
    this.#buffer[this.#at++] = rest;
  }

  #bigVarint(value: bigint): void {
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#buffer[this.#at++] = Number(rest);
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(2 * (this.#at + bytes));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}

/** Thrown by the reader alone, and caught by `readOrUndefined` alone. */
const malformed = new Error("malformed");

/** What `read` makes of the bytes, or undefined when they are malformed. */
export function readOrUndefined<T>(bytes: Uint8Array, read: (reader: Reader) => T): T | undefined {
  try {
    return read(new Reader(bytes));
  } catch (error) {
    if (error === malformed) return undefined;
    throw error;
  }
}

/** Reads the one form that encoders write: shortest varints, and nothing beyond the end. What it returns are views. */
export class Reader {
  readonly #bytes: Uint8Array;
  /** The bytes once more, a character each: cutting strings out of it is many times faster than decoding each. */
  readonly #latin1: string;
  #at = 0;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    this.#end = bytes.length;
  }

  /** At the end of the message that is being read? */
  get done(): boolean {
    return this.#at === this.#end;
  }

  /** field * 8 + wire type. Field numbers have 29 bits. */
  tag(): number {
    const tag = this.#varint();
    if (tag < 8 || tag > UINT32_MAX) this.fail();
    return tag;
  }

  string(): string {
    const start = this.#skip(this.#varint());
    for (let at = start; at < this.#at; at++) {
      if ((this.#bytes[at] ?? 0) > 0x7f) return this.#utf8(start);
    }
    return this.#latin1.slice(start, this.#at);
  }

  bytes(): Uint8Array {
    const start = this.#skip(this.#varint());
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, this.#at - start);
  }

  uint32(): number {
    const value = this.#varint();
    if (value > UINT32_MAX) this.fail();
    return value;
  }

  uint64(): bigint {
    const start = this.#at;
    const value = this.#varint();
    return Number.isSafeInteger(value) ? BigInt(value) : this.#bigVarint(start);
  }

  /** A nested message, which `read` has to read to its end. */
  message<T>(read: (reader: Reader) => T): T {
    const start = this.#skip(this.#varint());
    const outerEnd = this.#end;
    this.#end = this.#at;
    this.#at = start;
    const value = read(this);
    if (!this.done) this.fail();
    this.#end = outerEnd;
    return value;
  }

  /** Passes a field that this version does not know. */
  skip(type: number): void {
    if (type === VARINT) this.#varint();
    else if (type === I64) this.#skip(8);
    else if (type === LEN) this.#skip(this.#varint());
    else if (type === I32) this.#skip(4);
    else this.fail();
  }

  fail(): never {
    throw malformed;
  }

  /** Exact up to 2^53; above, only its length is right. */
  #varint(): number {
    let value = 0;
    for (let factor = 1, count = 1; count <= 10 && this.#at < this.#end; factor *= 128, count++) {
      const byte = this.#bytes[this.#at++] ?? 0;
      if (byte > 0x7f) {
        value += (byte - 0x80) * factor;
        continue;
      }
      if (byte === 0 && count > 1) this.fail();
      return value + byte * factor;
    }
    this.fail();
  }

  #bigVarint(start: number): bigint {
    let value = 0n;
    for (let at = this.#at - 1; at >= start; at--) value = (value << 7n) | BigInt((this.#bytes[at] ?? 0) & 0x7f);
    return value <= UINT64_MAX ? value : this.fail();
  }

  /** Moves over `count` bytes and returns where they start. */
  #skip(count: number): number {
    const start = this.#at;
    if (count > this.#end - start) this.fail();
    this.#at = start + count;
    return start;
  }

  #utf8(start: number): string {
    try {
      return strictUtf8.decode(this.#bytes.subarray(start, this.#at));
    } catch {
      this.fail();
    }
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}
