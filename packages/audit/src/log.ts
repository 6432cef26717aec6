/** The writer's side of the log: a pure fold over plain data, O(log n) in the number of leaves. */
import { hex } from "@countersign/envelope";
import { Frontier, type FrontierSnapshot } from "@countersign/merkle";
import { type ChainBreak, type ChainHead, type Chains, foldLink, vouchedHeads } from "./chains.ts";
import { type BodyOfRecord, leafOf } from "./record.ts";

/** Plain data but for the bytes of hashes. */
export interface LogState {
  readonly tree: FrontierSnapshot;
  readonly chains: Chains;
  /** Digests, hex, of what was folded since the last checkpoint: tells a message delivered twice from a fork before the store can. */
  readonly fresh: readonly string[];
}

export const emptyLog: LogState = { tree: { size: 0, hashes: [] }, chains: {}, fresh: [] };

export type FoldedRecord =
  /** A record whose chain is broken is a leaf too: the log is the evidence. */
  | {
      readonly kind: "folded";
      readonly state: LogState;
      readonly leafIndex: number;
      readonly problem: ChainBreak | undefined;
    }
  /** Folded before; nothing changes. */
  | { readonly kind: "known" };

/** The envelope is verified, and its topic's delivery class is `record`: it has a seq and a prev. */
export function foldRecord(state: LogState, record: BodyOfRecord): FoldedRecord {
  const { sender, topic, key, seq, prev } = record.body;
  if (seq === undefined || prev === undefined) throw new Error(`broken invariant: a message on ${topic} is no record`);
  const { digest } = record;
  const written = hex(digest);
  const fold = foldLink(state.chains, { sender, topic, key, seq, prev, digest }, () => state.fresh.includes(written));
  if (fold.kind === "known") return fold;
  const frontier = Frontier.restore(state.tree);
  const leafIndex = frontier.append(leafOf(record));
  const after = { tree: frontier.snapshot(), chains: fold.chains, fresh: [...state.fresh, written] };
  return { kind: "folded", state: after, leafIndex, problem: fold.kind === "broken" ? fold.problem : undefined };
}

/** What a checkpoint says of the log. */
export interface LogHead {
  readonly size: number;
  readonly root: Uint8Array;
  readonly chains: readonly ChainHead[];
}

/** Undefined when nothing was folded since the last one. */
export function takeCheckpoint(state: LogState): { readonly head: LogHead; readonly state: LogState } | undefined {
  return state.fresh.length === 0 ? undefined : { head: headOf(state), state: { ...state, fresh: [] } };
}

export function headOf({ tree, chains }: LogState): LogHead {
  return { size: tree.size, root: Frontier.restore(tree).root(), chains: vouchedHeads(chains) };
}
