/** What an agent's host reads, and from where: a share of its group's topics, and the whole of those that every replica reads. */
import type { Bus, Handler, Subscription } from "@countersign/bus";
import { topicSpec } from "@countersign/contracts";
import type { Canvas, Observes } from "./canvas.ts";
import type { Read } from "./folded-view.ts";

export interface SubscriptionsOptions {
  readonly bus: Bus;
  readonly canvas: Canvas;
  /** The bus outlives the process: see HostOptions. */
  readonly resumes: boolean;
  readonly handler: Handler;
}

/**
 * What replicas share; what of it may wait, by itself, because a broker is asked for more only when all it gave has been answered for; what
 * each reads whole; and, on a bus that outlives them, what only its newest counts of, such as heartbeats and checkpoints: a day has a
 * million.
 */
type Kind = "group" | "patient" | "every" | "leases";

const AS = { group: "group", patient: "group", every: "every", leases: "every" } as const;

/** The consumer groups that the replicas of an agent share: of what may not wait, and of what may. */
export function groupsOf(agent: string): readonly [urgent: string, patient: string] {
  return [agent, `${agent}.patient`];
}

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
      const kinds = ["group", "patient", "leases"] as const;
      await Promise.all([...kinds.map((kind) => this.#subscribe(kind)), this.#subscribe("every", read)]);
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
    const topics = canvas.observes.filter((one) => this.#kindOf(one) === kind).map(({ topic }) => topic);
    if (topics.length === 0) return;
    const [urgent, patient] = groupsOf(canvas.agent);
    const name = kind === "patient" ? patient : urgent;
    const subscription = bus.subscribe(
      {
        topics,
        as: { kind: AS[kind], name },
        from: kind === "leases" ? "latest" : "earliest",
        positions: read.filter(({ topic }) => topics.includes(topic)),
        maxInFlightBytes: 8_000_000,
        maxProcessingMs: 30_000,
      },
      handler,
    );
    this.#open.set(kind, subscription);
    await subscription;
  }

  #kindOf({ topic, as, mayWaitMs = 0 }: Observes): Kind {
    if (!this.#o.resumes) return as;
    if (as === "group") return mayWaitMs > 0 ? "patient" : "group";
    const isLease = topicSpec(topic)?.delivery === "market" && !topic.startsWith("market.");
    return isLease ? "leases" : "every";
  }
}
