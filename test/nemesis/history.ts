/** What the clients of a quorum saw, on one clock of theirs (ms), and what the logs held in the end. Digests are hex. */
import type { LogName } from "@countersign/quorum";

export type Event =
  /** Sent to somebody; whether it came to anything is not said by it. */
  | { readonly kind: "asked"; readonly opId: string }
  /** Acknowledged: it stands there. */
  | (Span & At & { readonly kind: "append"; readonly opId: string })
  /** The head as a validator told it, and the entries that came with it. */
  | (Span & At & { readonly kind: "read"; readonly validator: string; readonly entries: readonly Place[] })
  | (Span & { readonly kind: "halt"; readonly haltId: string; readonly latchedBy: readonly string[] })
  /** A gate whose fence was fresh and open let an order pass. */
  | { readonly kind: "order"; readonly atMs: number; readonly epoch: string }
  /** A whole log, as a validator tells it when all is well again. */
  | {
      readonly kind: "final";
      readonly validator: string;
      readonly log: LogName;
      readonly entries: readonly FinalEntry[];
    };

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Place {
  readonly seq: string;
  readonly digest: string;
}

export interface At extends Place {
  readonly log: LogName;
}

export interface FinalEntry extends Place {
  readonly opIds: readonly string[];
  /** Of the control log. */
  readonly haltIds: readonly string[];
  /** Of the control log: the fence after it. */
  readonly epoch?: string;
  readonly isOpen?: boolean;
}
