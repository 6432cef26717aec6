import type { OrderIntent } from "@countersign/contracts";
import type { Instrument, Order } from "@countersign/orders";
import type { PolicyConfig } from "./config.ts";
import type { PolicyState } from "./state.ts";
import type { PolicyView } from "./view.ts";

/** All that an order is judged by. */
export interface Scene {
  readonly config: PolicyConfig;
  readonly state: PolicyState;
  readonly view: PolicyView;
  readonly nowMs: number;
  readonly auditTrailing: number;
  readonly order: Order;
  readonly intent: OrderIntent;
  readonly instrument: Instrument;
  /** Of the account. */
  readonly money: { readonly currency: string; readonly scale: number };
}
