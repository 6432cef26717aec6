import type { Bus, Delivered, Subscription } from "@countersign/bus";
import type { Mode } from "@countersign/contracts";
import type { Keys } from "@countersign/envelope";
import type { Instrument } from "@countersign/orders";
import { admit, marketMessage } from "@countersign/runtime";
import { toQuote } from "../quote.ts";
import type { Feed } from "./feed.ts";

export interface BusFeedOptions {
  readonly bus: Bus;
  /** Who may say quotes: as the control log grants it. */
  readonly keys: Keys;
  readonly mode: Mode;
  readonly nowMs: () => number;
  readonly instruments: ReadonlyMap<string, Instrument>;
}

/**
 * Quotes of `market.quotes.v1`, from the moment it starts: what the market said before is no price to trade at. Each is verified, and its
 * sender's right to say it, as every reader of the platform does.
 */
export function busFeed({ bus, keys, mode, nowMs, instruments }: BusFeedOptions): Feed {
  let subscription: Subscription | undefined;
  return {
    async start(onQuote, note) {
      const onRecord = ({ topic, key, value, headers }: Delivered): void => {
        const texts = Object.entries(headers).map(([name, [first]]) => [name, Buffer.from(first ?? []).toString()]);
        const recordKey = Buffer.from(key).toString();
        const delivery = { bytes: value, topic, recordKey, headers: Object.fromEntries(texts) };
        const admitted = admit(delivery, keys, mode, nowMs());
        if (!admitted.ok) note(`a quote is refused: ${admitted.code} ${admitted.place}`);
        const message = admitted.ok ? marketMessage(admitted.opened, admitted.payload) : undefined;
        const quote = message && toQuote(message, instruments);
        if (quote !== undefined) onQuote(quote);
      };
      const options = {
        topics: ["market.quotes.v1"],
        as: { kind: "every", name: "paper-exchange" },
        from: "latest",
        maxInFlightBytes: 8_000_000,
        maxProcessingMs: 30_000,
      } as const;
      subscription = await bus.subscribe(options, ({ records }) => {
        for (const record of records) onRecord(record);
        return { through: records.at(-1)?.offset ?? -1n };
      });
    },
    async close() {
      await subscription?.close();
    },
  };
}
