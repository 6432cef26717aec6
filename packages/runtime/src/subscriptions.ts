/** What an agent's host reads, and from where: a share of its group's topics, and the whole of those that every replica reads. */
import type { Bus, Handler, Subscription } from "@countersign/bus";
import { topicSpec } from "@countersign/contracts";
import type { Canvas } from "./canvas.ts";
import type { Read } from "./folded-view.ts";

export interface SubscriptionsOptions {
  readonly bus: Bus;
  readonly canvas: Canvas;
  /** The bus outlives the process: see HostOptions. */
  readonly resumes: boolean;
  readonly handler: Handler;
}

/**
 * What replicas share; what each reads whole; and, on a bus that outlives them, what only its newest counts of, such as heartbeats and
 * checkpoints: a day has a million.
 */
type Kind = "group" | "every" | "leases";

export class Subscriptions {
  readonly #o: SubscriptionsOptions;
  readonly #open = new Map<Kind, Promise<Subscription>>();

  constructor(options: SubscriptionsOptions) {
    this.#o = options;
  }

  /** @param read the last records that the view had read: they come again, and then what lies behind them */
  async open(read: readonly Read[]): Promise<void> {
    if (this.#o.resumes) {
      // At once: to join a group takes a broker a while.
      await Promise.all([this.#subscribe("group"), this.#subscribe("every", read), this.#subscribe("leases")]);
      return;
    }
    await this.#subscribe("group");
    await this.#subscribe("every");
  }

  /** What each replica reads whole, once more from its beginning. */
  async readAgain(onClosed: () => void): Promise<void> {
    await (await this.#open.get("every"))?.close();
    onClosed();
    await this.#subscribe("every");
  }

  async close(): Promise<void> {
    for (const subscription of this.#open.values()) await (await subscription).close();
  }

  async #subscribe(kind: Kind, read: readonly Read[] = []): Promise<void> {
    const { bus, canvas, handler } = this.#o;
    const topics = canvas.observes.flatMap(({ topic, as }) => (this.#kindOf(topic, as) === kind ? [topic] : []));
    if (topics.length === 0) return;
    const isLease = kind === "leases";
    const subscription = bus.subscribe(
      {
        topics,
        as: { kind: isLease ? "every" : kind, name: canvas.agent },
        from: isLease ? "latest" : "earliest",
        positions: read.filter(({ topic }) => topics.includes(topic)),
        maxInFlightBytes: 8_000_000,
        maxProcessingMs: 30_000,
      },
      handler,
    );
    this.#open.set(kind, subscription);
    await subscription;
  }

  #kindOf(topic: string, as: "group" | "every"): Kind {
    const isLease = topicSpec(topic)?.delivery === "market" && !topic.startsWith("market.");
    return this.#o.resumes && as === "every" && isLease ? "leases" : as;
  }
}
