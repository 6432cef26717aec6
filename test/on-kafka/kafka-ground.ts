/**
 * The promises' probe on Kafka: the real host as its process runs it, with relay, replicas' folding and groups, on topics and groups of
 * its own on brokers that others use too. Its clock stands still but where the test moves it, as in the other ground.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type Bus, BusError, type OutRecord, type Placed } from "@countersign/bus";
import { KafkaBus } from "@countersign/bus/kafka";
import { Mode } from "@countersign/contracts";
import { type Agent, Host, type Store, WallLoop } from "@countersign/runtime";
import { openFence, Rig } from "@countersign/runtime/testing";
import { type Acted, type Ground, type Tap, topics } from "../promises/support/p07-probe.ts";

const RECORDS = "audit.records.v1";
const PATIENCE_MS = 60_000;

/** One life of the probe's process. */
interface Process {
  readonly bus: KafkaBus;
  readonly loop: WallLoop;
  readonly host: Host<Acted, undefined>;
}

export class KafkaGround implements Ground, AsyncDisposable {
  readonly rig: Rig;
  /** What was found broken: nothing may be. */
  readonly broken: unknown[] = [];
  /** Deliveries that were handled and whose offsets the broker was not told. */
  lost = 0;
  /** From now on the process dies between its transaction and the commit of the offset; `host` begins the next one. */
  diesBeforeOffset = false;
  readonly #brokers: readonly string[];
  readonly #prefix = `promises-${randomUUID()}-`;
  /** Of those who are no agent: who puts records there, and who listens. */
  readonly #bus: KafkaBus;
  /** By topic: what this ground's processes published, and what was heard of it. */
  readonly #said = new Map<string, number>();
  readonly #heard = new Map<string, number>();
  /** By "topic/partition": up to which offset it was handled. */
  readonly #handled = new Map<string, bigint>();
  readonly #put: Placed[] = [];
  #store: Store | undefined;
  #process: Process | undefined;

  private constructor(rig: Rig, brokers: readonly string[]) {
    this.rig = rig;
    this.#brokers = brokers;
    this.#bus = this.#connect();
  }

  static async open(brokers: readonly string[]): Promise<KafkaGround> {
    const ground = new KafkaGround(await Rig.open(), brokers);
    const names = [...topics, RECORDS].map((topic) => ({ topic: ground.#own(topic), partitions: 2 }));
    const letters = topics.map((topic) => ({ topic: ground.#own(`${topic}.probe.dlq`), partitions: 1 }));
    await ground.#bus.ensureTopics([...names, ...letters]);
    return ground;
  }

  async host(agent: Agent<Acted>, store: Store): Promise<Host<Acted, undefined>> {
    await this.#end();
    const { rig } = this;
    this.diesBeforeOffset = false;
    this.#store = store;
    const bus = this.#connect();
    const onBroken = (error: unknown) => void this.broken.push(error);
    const loop = new WallLoop({ onBroken, now: () => rig.scheduler.nowMs() });
    const host = new Host({
      agent,
      signer: rig.signer("probe"),
      keys: rig.keys,
      mode: Mode.REPLAY,
      store,
      bus: this.#named(bus),
      rpc: rig.rpc,
      fence: { state: () => openFence, onChange: () => {} },
      loop,
      fold: "together",
      resumes: true,
      onBroken,
    });
    this.#process = { bus, loop, host };
    await host.start();
    return host;
  }

  async tap(...names: readonly string[]): Promise<Tap> {
    const seen: Tap = [];
    for (const topic of names) this.#heard.set(topic, 0);
    const as = { kind: "every", name: "tap" } as const;
    const options = { as, from: "earliest", maxInFlightBytes: 1_000_000, maxProcessingMs: 5_000 } as const;
    await this.#named(this.#bus).subscribe({ ...options, topics: names }, ({ records }) => {
      for (const { topic, key, value, headers } of records) {
        const texts = Object.entries(headers).map(([name, [first]]) => [name, Buffer.from(first ?? []).toString()]);
        seen.push({ topic, key: Buffer.from(key).toString(), value, headers: Object.fromEntries(texts) });
        this.#heard.set(topic, (this.#heard.get(topic) ?? 0) + 1);
      }
      return { through: records.at(-1)!.offset };
    });
    return seen;
  }

  async publish(record: OutRecord): Promise<void> {
    const sent = { ...record, topic: this.#own(record.topic) };
    this.#put.push(...(await insist(() => this.#bus.publish([sent], { timeoutMs: 5_000 }))));
  }

  async run(input: () => void | Promise<void>): Promise<void> {
    await input();
    await this.#until("all is handled and heard", async () => {
      const isHandled = this.#put.every((at) => (this.#handled.get(placeOf(at)) ?? -1n) >= at.offset);
      if (!isHandled || ((await this.#store?.unpublished("publish"))?.length ?? 0) > 0) return false;
      return [...this.#heard].every(([topic, count]) => count >= (this.#said.get(topic) ?? 0));
    });
  }

  /** Resolves when the brokers know of every record that it was handled. */
  async answered(): Promise<void> {
    await this.#until("every offset is committed", async () => {
      const lags = await this.#bus.lag(this.#own("probe"));
      return lags.length > 0 && lags.every(({ records }) => records === 0n);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    await this.#bus.close(1_000);
  }

  async #end(): Promise<void> {
    const { host, loop, bus } = this.#process ?? {};
    this.#process = undefined;
    await loop?.close();
    await host?.close();
    await bus?.close(1_000);
  }

  #connect(): KafkaBus {
    const replicas = Math.min(3, this.#brokers.length);
    return new KafkaBus({ brokers: this.#brokers, clientId: "promises", replicas, onError: () => {} });
  }

  /** The same bus, with the catalogue's names for topics and groups of this ground's own. */
  #named(bus: KafkaBus): Bus {
    const theirs = (topic: string) => topic.slice(this.#prefix.length);
    return {
      publish: async (records, options) => {
        const sent = records.map((record) => ({ ...record, topic: this.#own(record.topic) }));
        const placed = await insist(() => bus.publish(sent, options));
        for (const { topic } of records) this.#said.set(topic, (this.#said.get(topic) ?? 0) + 1);
        return placed;
      },
      subscribe: ({ topics: wanted, as, ...options }, handler) =>
        bus.subscribe(
          { ...options, positions: [], topics: wanted.map((topic) => this.#own(topic)), as: this.#member(as) },
          async (batch, signal) => {
            const records = batch.records.map((record) => ({ ...record, topic: theirs(record.topic) }));
            const progress = await handler({ ...batch, topic: theirs(batch.topic), records }, signal);
            if (as.kind === "group") this.#onHandled(batch, progress.through);
            return progress;
          },
        ),
      ensureTopics: (configs) => bus.ensureTopics(configs),
      lag: (name) => bus.lag(this.#own(name)),
      close: (drainMs) => bus.close(drainMs),
    };
  }

  /** @throws where this process ends before it tells the broker */
  #onHandled(at: { readonly topic: string; readonly partition: number }, through: bigint): void {
    this.#handled.set(placeOf(at), through);
    if (!this.diesBeforeOffset) return;
    this.lost++;
    throw new Error("killed");
  }

  #member<As extends { readonly kind: "group" | "every"; readonly name: string }>(as: As): As {
    return { ...as, name: this.#own(as.name) };
  }

  #own(name: string): string {
    return this.#prefix + name;
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (const endMs = Date.now() + PATIENCE_MS; !(await isSo()); await wait(10))
      if (Date.now() > endMs) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
  }
}

function placeOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}/${partition}`;
}

/** A broker may not know yet that it leads the partition of a topic that was just made; what is surely not written is written again. */
async function insist<T>(publish: () => Promise<T>): Promise<T> {
  for (const endMs = Date.now() + PATIENCE_MS; ; await wait(50)) {
    try {
      return await publish();
    } catch (error) {
      if (!(error instanceof BusError && error.kind === "retriable") || Date.now() > endMs) throw error;
    }
  }
}
