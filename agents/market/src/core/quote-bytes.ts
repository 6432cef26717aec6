import type { QuoteEvent } from "./events.ts";

/** Of the quote's instrument. */
export interface QuoteScales {
  readonly priceScale: number;
  readonly quantityScale: number;
}

/**
 * A quote as the bytes of `countersign.v1.Quote`, the same that the generated codec writes (a test holds both together; the format:
 * protobuf.dev/programming-guides/encoding). By hand because a day has hundreds of thousands of quotes, and the codec, which walks a
 * description of the message and wants bigints, takes five times as long. Throws RangeError unless every number is an integer from 0
 * to 2^53 − 1.
 */
export function encodeQuote(event: QuoteEvent, { priceScale, quantityScale }: QuoteScales): Uint8Array {
  const { symbol, bid, ask, bidSize, askSize, timeMs } = event;
  const bytesMax = UTF8_BYTES_MAX * symbol.length + OTHER_BYTES_MAX;
  if (buffer.length < bytesMax) buffer = Buffer.allocUnsafeSlow(bytesMax);
  at = 0;
  buffer[at++] = (1 << 3) | LENGTH_DELIMITED;
  writeVarint(Buffer.byteLength(symbol));
  at += buffer.write(symbol, at);
  writeNumber(2, bid);
  writeNumber(3, ask);
  writeNumber(4, priceScale);
  writeNumber(5, bidSize);
  writeNumber(6, askSize);
  writeNumber(7, quantityScale);
  writeNumber(8, timeMs);
  // From Buffer's pool: a fresh array would cost as much as the rest.
  const out = Buffer.allocUnsafe(at);
  buffer.copy(out, 0, 0, at);
  return new Uint8Array(out.buffer, out.byteOffset, at);
}

function writeNumber(field: number, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 0))
    throw new RangeError(`field ${field} of a quote: ${value} is not an integer from 0 to 2^53 − 1`);
  buffer[at++] = field << 3;
  writeVarint(value);
}

function writeVarint(value: number): void {
  let rest = value;
  // Division stands for the shift as long as the number passes 32 bits.
  for (; rest > 0xffff_ffff; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) | 0x80;
  for (; rest > 0x7f; rest >>>= 7) buffer[at++] = (rest & 0x7f) | 0x80;
  buffer[at++] = rest;
}

const LENGTH_DELIMITED = 2;
/** Of one UTF-16 unit. */
const UTF8_BYTES_MAX = 3;
/** Seven numbers with their tags, 9 bytes each; the symbol's tag and length. */
const OTHER_BYTES_MAX = 7 * 9 + 1 + 8;

/** One buffer for all: encoding is synchronous, so nobody sees it half written. */
let buffer = Buffer.allocUnsafeSlow(256);
let at = 0;
