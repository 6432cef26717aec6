/** The chain of one (sender, topic, key): each record names the digest of the one before, so that a gap or a fork shows. */
import { type EnvelopeBody, encodeBody } from "./body.ts";
import { sha256 } from "./digest.ts";

/** The last link: its seq, and its body's digest as the next one's `prev`. */
export interface Chain {
  readonly seq: bigint;
  /** 32 bytes. */
  readonly prev: Uint8Array;
}

/** Before the first link. Do not write to its bytes. */
export const emptyChain: Chain = { seq: 0n, prev: new Uint8Array(32) };

/** `REPEATED`: seen before. `GAP`: links between are missing. `FORK`: another body stands, or stood before, at this place. */
export type LinkCode = "REPEATED" | "GAP" | "FORK";

/** The body at the chain's end, and the chain after it. */
export function nextLink(chain: Chain, body: Omit<EnvelopeBody, "seq" | "prev">): { body: EnvelopeBody; chain: Chain } {
  const linked = { ...body, seq: chain.seq + 1n, prev: chain.prev };
  return { body: linked, chain: { seq: linked.seq, prev: sha256(encodeBody(linked)) } };
}

/** What arrived: the fields of a body, and the digest of its bytes. */
export interface Link {
  readonly seq: bigint;
  readonly prev: Uint8Array;
  readonly digest: Uint8Array;
}

/** The chain with one more link, or why it does not fit. */
export function checkLink(
  chain: Chain,
  link: Link,
): { readonly ok: true; readonly chain: Chain } | { readonly ok: false; readonly code: LinkCode } {
  if (link.seq > chain.seq + 1n) return { ok: false, code: "GAP" };
  if (link.seq === chain.seq && !equal(link.digest, chain.prev)) return { ok: false, code: "FORK" };
  // Of earlier links only the numbers are known: the inbox tells a repetition from a forgery by its digest.
  if (link.seq <= chain.seq) return { ok: false, code: "REPEATED" };
  if (!equal(link.prev, chain.prev)) return { ok: false, code: "FORK" };
  return { ok: true, chain: { seq: link.seq, prev: link.digest } };
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
