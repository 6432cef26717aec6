/**
 * What waits for a person, from the two topics of approvals alone: whoever shows orders to people needs these, the keys of the control log, and
 * nothing else. What a person is shown is read from the very bytes that the signature will speak of, not from what anybody says of them.
 */

import { orderInWords } from "@countersign/agent-policy";
import { type ApprovalDecision, type ApprovalRequest, Decision, type Mode } from "@countersign/contracts";
import type { Keys } from "@countersign/envelope";
import { type Instrument, type Order, orderFromIntent } from "@countersign/orders";
import { intentDigest, openApproval } from "@countersign/permit";
import { admit } from "@countersign/runtime";

export interface Asked {
  readonly approvalId: string;
  readonly request: ApprovalRequest;
  readonly order: Order;
  /** The order, from its own bytes. */
  readonly words: string;
  /** Why a person is asked, as Policy says it. */
  readonly why: string;
  readonly expiresAtMs: number;
  readonly needed: number;
  /** Persons who have said yes. */
  readonly approvedBy: readonly string[];
}

export interface ApprovalBookOptions {
  readonly keys: Keys;
  readonly mode: Mode;
  readonly instruments: ReadonlyMap<string, Instrument>;
}

export class ApprovalBook {
  readonly #o: ApprovalBookOptions;
  readonly #asked = new Map<string, Asked>();
  readonly #rejected = new Set<string>();
  /** By approval id: who said yes. Words may come before what they are about. */
  readonly #approved = new Map<string, Set<string>>();

  constructor(options: ApprovalBookOptions) {
    this.#o = options;
  }

  /** A record of one of the two topics. What is not authentic, or is about other bytes than it carries, is not shown to anybody. */
  take(topic: string, value: Uint8Array, key: Uint8Array, nowMs: number): void {
    const { keys, mode } = this.#o;
    const delivery = { bytes: value, topic, recordKey: Buffer.from(key).toString(), headers: undefined };
    const admitted = admit(delivery, keys, mode, nowMs);
    if (!admitted.ok) return;
    const { type } = admitted.opened.body;
    if (type === "approval.request") this.#ask(admitted.payload as ApprovalRequest);
    if (type === "approval.decision") this.#hear(admitted.payload as ApprovalDecision, nowMs);
  }

  /** What can still be answered, the most urgent first. */
  waiting({ nowMs, epoch }: { readonly nowMs: number; readonly epoch: bigint }): readonly Asked[] {
    return [...this.#asked.values()]
      .filter(({ approvalId, expiresAtMs, request }) => {
        return nowMs < expiresAtMs && request.haltEpoch === epoch && !this.#rejected.has(approvalId);
      })
      .map((asked) => ({ ...asked, approvedBy: [...(this.#approved.get(asked.approvalId) ?? [])] }))
      .filter(({ approvedBy, needed }) => approvedBy.length < needed)
      .toSorted((a, b) => a.expiresAtMs - b.expiresAtMs);
  }

  #ask(request: ApprovalRequest): void {
    const { approvalId, intent, intentDigest: digest, expiresAtMs, approvalsNeeded = 1, words = "" } = request;
    if (!approvalId || intent === undefined || digest === undefined || expiresAtMs === undefined) return;
    if (Buffer.compare(intentDigest(intent), digest) !== 0) return;
    const made = orderFromIntent(intent);
    const instrument = made.ok ? this.#o.instruments.get(made.order.symbol) : undefined;
    if (!made.ok || instrument === undefined) return;
    const { order } = made;
    const own = `${orderInWords(order, instrument)}, for ${order.principal}, proposed by ${order.proposer}`;
    this.#asked.set(approvalId, {
      ...{ approvalId, request, order, needed: approvalsNeeded, approvedBy: [] },
      words: own,
      why: words.startsWith(`${own}: `) ? words.slice(own.length + 2) : `Policy says another thing of it: ${words}`,
      expiresAtMs: Number(expiresAtMs),
    });
  }

  #hear({ approval }: ApprovalDecision, nowMs: number): void {
    const { keys, mode } = this.#o;
    const said = approval === undefined ? undefined : openApproval(approval, { keys, mode, nowMs });
    if (said === undefined) return;
    if (said.decision === Decision.REJECT) this.#rejected.add(said.approvalId);
    else this.#approved.set(said.approvalId, (this.#approved.get(said.approvalId) ?? new Set()).add(said.approver));
  }
}
