/**
 * What a process knows of the control log: a value, computed by `quorum`, read by Policy and the venue gate.
 * `epoch` grows with every halt and resume, so that a permit of an earlier one can be told.
 */
export interface FenceState {
  readonly epoch: bigint;
  /** Halts in force: id, level and scope. Empty means trading is open. "birth" is the halt the platform is born with. */
  readonly halts: readonly OpenHalt[];
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
