/**
 * All chains of the log, each of one (sender, topic, key): a fold that names every gap and every fork.
 *
 * After a break the chain goes on from what was found, so that later breaks show too; but the chain is not vouched for any further:
 * `vouched` stays at the last link before the first break, for ever. A record that was skipped and comes late is a fork like any other:
 * in order was the promise.
 */
import { type Chain, checkLink, emptyChain } from "@countersign/envelope";

/** Plain data. By `chainName`. */
export type Chains = Readonly<Record<string, ChainEnd>>;

interface ChainEnd extends Chain {
  /** Of a broken chain: the last seq before its first break. */
  readonly vouched?: bigint;
}

export interface ChainId {
  readonly sender: string;
  readonly topic: string;
  readonly key: string;
}

export interface ChainLink extends ChainId {
  readonly seq: bigint;
  readonly prev: Uint8Array;
  /** SHA-256 of the body. */
  readonly digest: Uint8Array;
}

export interface ChainBreak extends ChainId {
  /** `GAP`: links between are missing. `FORK`: another body stands, or stood before, at this place. */
  readonly code: "GAP" | "FORK";
  /** The seq that would have been next. */
  readonly expected: bigint;
  readonly got: bigint;
}

export type ChainFold =
  | { readonly kind: "linked"; readonly chains: Chains }
  /** Seen before, the same body. */
  | { readonly kind: "known" }
  | { readonly kind: "broken"; readonly chains: Chains; readonly problem: ChainBreak };

/** `isKnown` tells a repetition of an earlier link from another body in its place; the chain itself knows its last link alone. */
export function foldLink(chains: Chains, link: ChainLink, isKnown: (digest: Uint8Array) => boolean): ChainFold {
  const name = chainName(link);
  const end = chains[name] ?? emptyChain;
  const checked = checkLink(end, link);
  if (checked.ok) return { kind: "linked", chains: { ...chains, [name]: keepVouched(checked.chain, end) } };
  const isLast = link.seq === end.seq && checked.code === "REPEATED";
  if (isLast || (checked.code === "REPEATED" && isKnown(link.digest))) return { kind: "known" };
  const { sender, topic, key, seq, digest } = link;
  const code = checked.code === "GAP" ? "GAP" : "FORK";
  const problem = { sender, topic, key, code, expected: end.seq + 1n, got: seq } as const;
  const after: Chain = seq > end.seq ? { seq, prev: digest } : { seq: end.seq, prev: end.prev };
  const broken = { ...after, vouched: vouchedOf(end) };
  return { kind: "broken", chains: { ...chains, [name]: broken }, problem };
}

export interface ChainHead extends ChainId {
  readonly seq: bigint;
}

/** The last seq of every chain that is vouched for, in the order of their names. */
export function vouchedHeads(chains: Chains): ChainHead[] {
  return Object.keys(chains)
    .sort()
    .map((name) => ({ ...chainOf(name), seq: vouchedOf(chains[name]!) }))
    .filter(({ seq }) => seq > 0n);
}

/** One sentence. */
export function breakText({ sender, topic, key, code, expected, got }: ChainBreak): string {
  const what = code === "GAP" ? "a gap" : "a fork";
  return `${what} in the chain of ${sender} on ${topic} for ${key}: seq ${expected} was next, seq ${got} came`;
}

/** JSON, because none of the three parts has a character that it cannot contain. */
function chainName({ sender, topic, key }: ChainId): string {
  return JSON.stringify([topic, sender, key]);
}

function chainOf(name: string): ChainId {
  const [topic, sender, key] = JSON.parse(name) as [string, string, string];
  return { sender, topic, key };
}

function vouchedOf(end: ChainEnd): bigint {
  return end.vouched ?? end.seq;
}

function keepVouched(chain: Chain, { vouched }: ChainEnd): ChainEnd {
  if (vouched !== undefined) return { ...chain, vouched }; // P08.vouched
  return chain;
}
