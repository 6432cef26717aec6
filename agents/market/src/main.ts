/**
 * The Market agent is a server: it turns a source of events into sealed messages. In a replay the trace is sealed ahead, 256 events under
 * one signature, and released one by one as the scheduler's time reaches them.
 */
import { type Signer, sealBatch } from "@countersign/envelope";
import type { Instrument } from "@countersign/orders";
import { BodyMaker } from "./core/bodies.ts";
import type { MarketEvent } from "./core/events.ts";

export interface Release {
  readonly timeMs: number;
  readonly kind: MarketEvent["kind"];
  readonly topic: string;
  readonly key: string;
  readonly bytes: Uint8Array;
}

export interface FeedOptions {
  readonly signer: Signer;
  readonly instruments: ReadonlyMap<string, Instrument>;
  /** Bodies under one signature. */
  readonly batchSize?: number;
}

/** Seals what the source gives, in its order. Walked once. */
export async function* sealedFeed(
  source: AsyncIterable<readonly MarketEvent[]>,
  { signer, instruments, batchSize = 256 }: FeedOptions,
): AsyncGenerator<readonly Release[]> {
  const sealer = new Sealer(signer, instruments);
  let waiting: MarketEvent[] = [];
  for await (const events of source) {
    for (const event of events) {
      waiting.push(event);
      if (waiting.length < batchSize) continue;
      yield sealer.seal(waiting);
      waiting = [];
    }
  }
  if (waiting.length > 0) yield sealer.seal(waiting);
}

/** Seals events under one signature at a time. The seq of each is its place in the source, whoever seals it. */
export class Sealer {
  readonly #signer: Signer;
  readonly #maker: BodyMaker;

  constructor(signer: Signer, instruments: ReadonlyMap<string, Instrument>) {
    this.#signer = signer;
    this.#maker = new BodyMaker(instruments);
  }

  /** Events that were published in an earlier life: they are counted. */
  skip(event: MarketEvent): void {
    this.#maker.skip(event);
  }

  seal(events: readonly MarketEvent[]): readonly Release[] {
    const sealed = sealBatch(
      events.map((event) => this.#maker.make(event)),
      this.#signer,
    );
    return events.map(({ timeMs, kind }, n) => {
      const { bytes, body } = sealed[n]!;
      return { timeMs, kind, topic: body.topic, key: body.key, bytes };
    });
  }
}
