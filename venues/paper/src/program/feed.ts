import type { Quote } from "../messages.ts";

/**
 * The exchange's own reading of the market. `onQuote` gets each quote in the order of its symbol, in the instrument's integers, with the
 * time of its event; one that cannot be read is told to `note`, and not passed on.
 */
export interface Feed {
  start(onQuote: (quote: Quote) => void, note: (text: string) => void): Promise<void>;
  close(): Promise<void>;
}
