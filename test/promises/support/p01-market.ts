import { type MarketEvent, sealedFeed } from "@countersign/agent-market";
import type { OutRecord } from "@countersign/bus";
import type { Signer } from "@countersign/envelope";
import type { Instrument } from "@countersign/orders";
import { Feed } from "../../../platform/src/feed.ts";

/** The Market agent's feed, sealed quote by quote as the test makes them up. */
export class Market {
  readonly #events: MarketEvent[] = [];
  readonly #feed = new Feed();
  readonly #sealed;

  constructor(signer: Signer, instruments: ReadonlyMap<string, Instrument>) {
    this.#sealed = sealedFeed(eventsOf(this.#events), { signer, instruments, batchSize: 1 });
  }

  /** Bid and ask in units of the instrument. */
  async quote(quote: { symbol: string; timeMs: number; bid: number; ask: number }): Promise<OutRecord> {
    this.#events.push({ kind: "quote", bidSize: 5_000, askSize: 5_000, ...quote });
    const { value } = await this.#sealed.next();
    const [release] = value ?? [];
    if (release === undefined) throw new Error("the market was asked for one quote");
    return this.#feed.record(release);
  }
}

/** Gives what there is each time it is asked, without an end. */
async function* eventsOf(events: MarketEvent[]): AsyncGenerator<readonly MarketEvent[]> {
  for (;;) yield events.splice(0);
}
