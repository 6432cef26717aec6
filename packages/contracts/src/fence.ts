/**
 * What a process knows of the control log: a value, computed by `quorum`, read by Policy and the venue gate.
 * `epoch` grows with every halt and resume, so that a permit of an earlier one can be told.
 */
export interface FenceState {
  readonly epoch: bigint;
  /** Halts in force: id, level and scope. Empty means trading is open. "birth" is the halt the platform is born with. */
  readonly halts: readonly OpenHalt[];
  /** Ids that certified resumes have named, in the order of the log: none of them ever latches again. One or more a resume, for ever. */
  readonly released: readonly string[];
  /**
   * The quorum has been silent for longer than the lease, and nobody here knows what it has said since. In an embedded replay, where the
   * log is read at each step, never.
   */
  readonly silent?: true;
  /** SHA-256 of the limits that the control log names, hex: Policy permits under no others. Undefined before its first entry. */
  readonly limits?: string;
  /** Of the control log: a reader never goes back behind a head it has seen. */
  readonly head: { readonly seq: bigint; readonly digest: string };
}

export interface OpenHalt {
  readonly id: string;
  /** 1 no new orders; 2 also cancel working ones; 3 also flatten. */
  readonly level: number;
  readonly scope: HaltScope;
}

export type HaltScope =
  | { readonly kind: "all" }
  | { readonly kind: "account" | "strategy" | "symbol" | "venue"; readonly id: string };

/** What an order touches, as far as a halt's scope can name it. */
export interface HaltSubject {
  readonly account: string;
  readonly strategy: string;
  readonly symbol: string;
  readonly venue: string;
}

/** The first halt in force whose scope covers the subject, or undefined. */
export function haltCovering(fence: FenceState, subject: HaltSubject): OpenHalt | undefined {
  return fence.halts.find((halt) => halt.scope.kind === "all" || subject[halt.scope.kind] === halt.scope.id);
}

/**
 * Those of an agent's own latches that hold. A latch goes when a certified resume has named its halt, and by nothing else: so it does
 * not matter what its agent slept through. The same array when all of them hold.
 */
export function latchesInForce<Latch extends { readonly id: string }>(
  fence: FenceState,
  latches: readonly Latch[],
): readonly Latch[] {
  const held: Latch[] = [];
  for (const latch of latches) {
    if (!fence.released.includes(latch.id)) held.push(latch); // P03.latch-release
  }
  return held.length === latches.length ? latches : held;
}

/** Reads "all" or "symbol:AAPL"; undefined when it is neither. */
export function parseScope(text: string): HaltScope | undefined {
  if (text === "all") return { kind: "all" };
  const at = text.indexOf(":");
  const kind = text.slice(0, at);
  const id = text.slice(at + 1);
  if (at < 0 || id === "") return undefined;
  if (kind === "account" || kind === "strategy" || kind === "symbol" || kind === "venue") return { kind, id };
  return undefined;
}
