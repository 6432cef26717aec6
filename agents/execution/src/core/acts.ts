import type { OpenHalt } from "@countersign/contracts";
import type { Money, Order } from "@countersign/orders";
import type { Held } from "@countersign/permit";
import type { Effect } from "@countersign/runtime";
import type { FindingClass } from "./classify.ts";
import type { Asked } from "./edge-input.ts";

/** What the edge is asked to do after the commit: the names and data of `act` effects. */
export type Act =
  | { readonly name: "send"; readonly data: SendOrder }
  | { readonly name: "cancel"; readonly data: { readonly clientOrderId: string } }
  /** Every latch in force, for the gate's own memory. */
  | { readonly name: "latches"; readonly data: { readonly latches: readonly OpenHalt[] } }
  | { readonly name: "reconcile"; readonly data: Asked }
  /** How often each class was found in a look that did not match whole: for the metrics. */
  | { readonly name: "found"; readonly data: Partial<Readonly<Record<FindingClass, number>>> };

export interface SendOrder {
  readonly order: Order;
  /** The serialised SubmitOrder, as it came. */
  readonly submit: Uint8Array;
  /** What all other children of its parent may cost. Durable, so it comes with the order: the gate's memory ends with the process. */
  readonly siblings: Money;
  /** What is held of its symbol, by the book: durable, too. */
  readonly held: Held;
}

export function act(act: Act): Effect {
  return { kind: "act", ...act };
}
