/**
 * What Compliance holds of our own records (P08). Its checkpoint names the last seq of every chain; we compare with our own. Whoever
 * trails too far decides nothing new: an order that Compliance has not seen is not on record.
 */
import type { Checkpoint } from "@countersign/contracts";
import type { Chains } from "./drafts.ts";
import { chainKey } from "./drafts.ts";

export class AuditLease {
  readonly #sender: string;
  readonly #named = new Map<string, bigint>();

  constructor(sender: string) {
    this.#sender = sender;
  }

  read(checkpoint: Checkpoint): void {
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
      if (behind > worst) worst = behind;
    }
    return Number(worst);
  }
}
