/**
 * The market agent as a process: a recorded day, paced again by the wall clock. What comes before the day is published at once, to warm up
 * the views; the day begins when trading is opened.
 *
 * A quote's event time is when it is said here, because decisions live by the wall clock; a bar keeps the times of the recording, which
 * say how long it is. The position in the source is the state: after a crash the market goes on behind the last event that was marked,
 * and what was published and not marked is dropped by its readers as (topic, key, seq) they have seen.
 */
import { setTimeout as wait } from "node:timers/promises";
import { type MarketEvent, openTrace, Sealer } from "@countersign/agent-market";
import { emptyCommit, isTransient, type Store } from "@countersign/runtime";
import { clusterFile } from "../inputs.ts";
import { beat, heartbeat, instruments } from "./agent.ts";
import { insist, type Process } from "./process.ts";

const WARM_UP_DAYS = 400;
const DAY_MS = 86_400_000;
const BATCH_MAX = 256;
const PUBLISH_TIMEOUT_MS = 5_000;
const MARK_EVERY_MS = 50;

/** How many events of the source are published; when the day began, on the wall and in the recording. */
interface Position {
  readonly events: number;
  readonly began: { readonly wallMs: number; readonly traceMs: number } | undefined;
}

export async function runMarket(own: Process): Promise<{ close(): Promise<void> }> {
  const { spec, log } = own;
  const store = await own.openStore();
  const teller = await own.openTeller(store);
  await own.genesis();
  const stop = new AbortController();
  const { market } = spec;
  const fromMs = market.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(market.from);
  const traces = market.traces.map((one) => ({ ...one, path: clusterFile(one.path) }));
  const trace = await openTrace(traces, {
    instruments: instruments(),
    ...(market.from !== undefined && { fromMs: fromMs - WARM_UP_DAYS * DAY_MS }),
    ...(market.to !== undefined && { toMs: Date.parse(market.to) + DAY_MS }),
  });
  const pacer = new Pacer(own, store, new Sealer(own.signer, trace.instruments), stop.signal);
  const running = pacer.run(trace.batches(), fromMs).then(
    () => log("the market is at its end"),
    (error: unknown) => {
      if (!stop.signal.aborted) own.onBroken(error);
    },
  );
  await pacer.warm;
  own.server.setServing(true);
  beat(own, () => teller.say(heartbeat(own)));
  own.ready();
  return {
    async close() {
      stop.abort();
      await running;
      await pacer.marked();
      await teller.close(1_000);
    },
  };
}

class Pacer {
  /** Resolves when everything before the day is published. */
  readonly warm: Promise<void>;
  readonly #own: Process;
  readonly #store: Store;
  readonly #sealer: Sealer;
  readonly #signal: AbortSignal;
  #warmed: () => void = () => {};
  #version = 0n;
  #position: Position = { events: 0, began: undefined };
  #waiting: MarketEvent[] = [];
  #marking: Promise<void> | undefined;

  constructor(own: Process, store: Store, sealer: Sealer, signal: AbortSignal) {
    this.#own = own;
    this.#store = store;
    this.#sealer = sealer;
    this.#signal = signal;
    this.warm = new Promise((resolve) => {
      this.#warmed = resolve;
    });
  }

  async run(source: AsyncIterable<readonly MarketEvent[]>, fromMs: number): Promise<void> {
    const { state, version } = await insist(() => this.#store.load(KEY));
    this.#version = version;
    if (state !== undefined) this.#position = state as Position;
    if (this.#position.began !== undefined) this.#warmed();
    const before = this.#position.events;
    let n = 0;
    for await (const events of source) {
      for (const event of events) {
        n++;
        if (n <= before) this.#sealer.skip(event);
        else await this.#take(event, event.timeMs >= fromMs);
      }
    }
    await this.#flush();
    this.#warmed();
  }

  /** Waits until the event is due; what became due before it is published meanwhile. */
  async #take(event: MarketEvent, isOfTheDay: boolean): Promise<void> {
    const { loop } = this.#own;
    if (isOfTheDay) {
      const leftMs = (await this.#dueMs(event)) - loop.nowMs();
      if (leftMs > 0) {
        await this.#flush();
        await wait(leftMs, undefined, { signal: this.#signal });
      }
    }
    // It is said now; a bar says by itself when it opened and closed.
    this.#waiting.push({ ...event, timeMs: loop.nowMs() });
    if (this.#waiting.length === BATCH_MAX) await this.#flush();
  }

  async #dueMs({ timeMs }: MarketEvent): Promise<number> {
    const began = this.#position.began ?? (await this.#begin(timeMs));
    return began.wallMs + (timeMs - began.traceMs) / this.#own.spec.market.speed;
  }

  async #begin(traceMs: number) {
    await this.#flush();
    this.#warmed();
    const isOpened = () => !this.#own.fence.state().halts.some(({ id }) => id === "birth");
    while (!isOpened()) await wait(20, undefined, { signal: this.#signal });
    const began = { wallMs: this.#own.loop.nowMs(), traceMs };
    await this.#marking;
    this.#position = { ...this.#position, began };
    await this.#mark(this.#position);
    return began;
  }

  async #flush(): Promise<void> {
    const events = this.#waiting;
    if (events.length === 0) return;
    this.#waiting = [];
    const releases = this.#sealer.seal(events);
    const records = releases.map(({ topic, key, bytes }) => ({
      topic,
      key: Buffer.from(key),
      value: bytes,
      headers: {},
    }));
    for (let tries = 0; ; tries++) {
      this.#signal.throwIfAborted();
      try {
        await this.#own.bus.publish(records, { timeoutMs: PUBLISH_TIMEOUT_MS });
        break;
      } catch (error) {
        if (!isTransient(error)) throw error;
        await wait(Math.min(20 * 2 ** tries, 1_000), undefined, { signal: this.#signal });
      }
    }
    this.#position = { ...this.#position, events: this.#position.events + events.length };
    this.#markSoon();
  }

  /** Resolves when what was published is marked. */
  async marked(): Promise<void> {
    await this.#marking;
  }

  /** Quotes do not wait for the store: what is published again after a crash is dropped by its readers. */
  #markSoon(): void {
    if (this.#marking !== undefined) return;
    this.#marking = this.#markPublished();
    this.#marking.catch(this.#own.onBroken);
  }

  async #markPublished(): Promise<void> {
    for (let marked: Position | undefined; marked !== this.#position; ) {
      await wait(MARK_EVERY_MS, undefined, { signal: this.#signal }).catch(() => {});
      marked = this.#position;
      await this.#mark(marked);
    }
    this.#marking = undefined;
  }

  async #mark(position: Position): Promise<void> {
    const aggregate = { key: KEY, version: this.#version, state: position };
    const result = await insist(() => this.#store.commit({ ...emptyCommit, aggregate }));
    // An answer that was lost: what stands there now is ours, because nobody else writes it.
    this.#version = result.kind === "committed" ? result.version : (await insist(() => this.#store.load(KEY))).version;
  }
}

const KEY = "position";
