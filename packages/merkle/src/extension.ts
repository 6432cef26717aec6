import { MerkleError } from "./error.ts";
import { Frontier, type FrontierSnapshot } from "./frontier.ts";

/**
 * A log that grows from one size to another, for whoever has the right edge of the smaller tree and the leaves since, and has to show that
 * the larger one begins with it. O(log n) memory, whatever the sizes.
 */
export class Extension {
  readonly #whole: Frontier;
  readonly #parts: readonly (Uint8Array | Subtree)[];
  readonly #size: number;

  /** Throws `OUT_OF_RANGE`, `BAD_SNAPSHOT` or `BAD_HASH`. */
  constructor(first: FrontierSnapshot, size: number) {
    this.#whole = Frontier.restore(first);
    if (!Number.isSafeInteger(size) || size < first.size)
      throw new MerkleError("OUT_OF_RANGE", `a log of ${first.size} leaves does not grow to ${size}`);
    this.#size = size;
    this.#parts = partsOf(first, size);
  }

  /** The next leaf, by its hash. Throws `BAD_HASH`; `OUT_OF_RANGE` behind the last. */
  append(leafHash: Uint8Array): void {
    if (this.#whole.size === this.#size) throw new MerkleError("OUT_OF_RANGE", `the log ends at ${this.#size} leaves`);
    this.#whole.append(leafHash);
    const open = this.#parts.find((part) => "width" in part && part.tree.size < part.width);
    if (open !== undefined && "tree" in open) open.tree.append(leafHash);
  }

  /** The right edge of the larger tree, as far as it has come. */
  get frontier(): Frontier {
    return this.#whole;
  }

  /** As `MerkleLog.consistencyProof`. Throws `OUT_OF_RANGE` before the last leaf. */
  consistencyProof(): Uint8Array[] {
    if (this.#whole.size < this.#size)
      throw new MerkleError("OUT_OF_RANGE", `${this.#size - this.#whole.size} leaves of ${this.#size} are missing`);
    return this.#parts.map((part) => ("tree" in part ? part.tree.root() : part));
  }
}

/** Of the new leaves, a run that hangs together in the larger tree. */
interface Subtree {
  readonly width: number;
  readonly tree: Frontier;
}

/**
 * The proof is the path from the last complete subtree of the smaller tree, which comes first itself unless it is the whole of it. What
 * lies left of the path is the smaller tree's right edge; what lies right of it are new leaves alone, run after run.
 */
function partsOf({ size: first, hashes }: FrontierSnapshot, second: number): (Uint8Array | Subtree)[] {
  if (first === 0 || first === second) return [];
  const edge = [...hashes];
  let level = 0;
  let index = first - 1;
  for (; index % 2 === 1; level++) index = (index - 1) / 2;
  const parts: (Uint8Array | Subtree)[] = [];
  const last = edge.pop()!;
  if (index > 0) parts.push(last);
  let start = first;
  for (let end = Math.floor((second - 1) / 2 ** level); end > 0; level++) {
    if (index % 2 === 1) parts.push(edge.pop()!);
    else if (index < end) {
      const width = Math.min(2 ** level, second - start);
      parts.push({ width, tree: new Frontier() });
      start += width;
    }
    index = Math.floor(index / 2);
    end = Math.floor(end / 2);
  }
  return parts;
}
