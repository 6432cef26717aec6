/**
 * What Compliance holds of our own records (P08). Its checkpoint names the last seq of every chain; we compare with our own. Whoever
 * trails too far, or has heard of no checkpoint for too long, decides nothing new: an order that Compliance has not seen is not on record.
 */
import type { Checkpoint } from "@countersign/contracts";
import type { Chains } from "./drafts.ts";
import { chainKey } from "./drafts.ts";

export class AuditLease {
  readonly #sender: string;
  readonly #isTimed: boolean;
  readonly #named = new Map<string, bigint>();
  #heardMs: number | undefined;

  /** @param isTimed not in a replay, where leases are counted */
  constructor(sender: string, { isTimed }: { readonly isTimed: boolean }) {
    this.#sender = sender;
    this.#isTimed = isTimed;
  }

  /** @param machineMs when it came: who has set his clock changes nothing by it */
  read(checkpoint: Checkpoint, machineMs: number): void {
    this.#heardMs = machineMs;
    for (const { sender, topic, key, seq } of checkpoint.chains) {
      if (sender !== this.#sender || topic === undefined || key === undefined || seq === undefined) continue;
      const at = chainKey(topic, key);
      // Checkpoints may come late and out of order; what was held once is held.
      if (seq > (this.#named.get(at) ?? 0n)) this.#named.set(at, seq);
    }
  }

  /** Records of the worst chain that no checkpoint has named. */
  trailing(own: Chains, isRecord: (topic: string) => boolean): number {
    let worst = 0n;
    for (const [at, { seq }] of own) {
      if (!isRecord(at.slice(0, at.indexOf(" ")))) continue;
      const behind = seq - (this.#named.get(at) ?? 0n);
      if (behind > worst) worst = behind; // P08.trailing
    }
    return Number(worst);
  }

  /** Whether the last checkpoint is older than the lease. */
  isStale(machineMs: number): boolean {
    if (!this.#isTimed) return false;
    if (this.#heardMs === undefined) return true; // P08.unheard
    if (machineMs - this.#heardMs > LEASE_MS) return true; // P08.lease
    return false;
  }
}

/** Compliance says a checkpoint each second. */
const LEASE_MS = 10_000;
