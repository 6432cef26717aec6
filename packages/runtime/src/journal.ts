/**
 * What the journal of a decision holds: everything `decide` was shown that cannot be found elsewhere, and what came of it. Records of
 * topics are named, not repeated: the audit log has their bodies. Calls, answers and what an edge reported are nowhere else, so their
 * bytes are here.
 */
import type { FenceState } from "@countersign/contracts";
import { encodeJson } from "./codec.ts";

export type JournalledInput =
  | {
      readonly kind: "message";
      readonly topic: string;
      readonly msgId: string;
      readonly digest: string;
      readonly bytes?: Uint8Array;
    }
  | { readonly kind: "call"; readonly call: string; readonly bytes: Uint8Array }
  | { readonly kind: "answer"; readonly id: string; readonly bytes: Uint8Array }
  | { readonly kind: "no-answer"; readonly id: string; readonly code: string }
  | {
      readonly kind: "timer";
      readonly id: string;
      readonly dueMs: number;
      readonly data: unknown;
      readonly correlationId: string;
    }
  /** The view's own words, at these positions. */
  | { readonly kind: "market"; readonly name: string; readonly msgId: string; readonly correlationId: string }
  | { readonly kind: "fence" }
  | { readonly kind: "tick" }
  | {
      readonly kind: "edge";
      readonly id: string;
      readonly name: string;
      readonly data: unknown;
      /** Where it is not a trace of its own. */
      readonly correlationId?: string;
    };

/** One input of a decision, and the circumstances. */
export interface JournalEntry {
  readonly key: string;
  readonly nowMs: number;
  readonly input: JournalledInput;
  /** msg_id the effects follow from. */
  readonly cause: string;
  readonly fence: FenceState;
  readonly auditTrailing: number;
  readonly auditStale?: boolean;
  /** How far the view had read each (topic, key). */
  readonly positions: Readonly<Record<string, string>>;
  /** msg_id of a claim that was taken already: then only the claim's `otherwise` was done. */
  readonly claimed?: string;
  /** SHA-256 over the effects, see drafts.ts. */
  readonly effects: string;
}

export function journalText(entry: JournalEntry): string {
  return encodeJson(entry);
}
