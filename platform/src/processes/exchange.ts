/** The paper exchange as a process: no agent, and no key; it reads the market like everybody, and keeps its own record. */
import { join } from "node:path";
import { busFeed, type Credential, ExchangeError, startExchange } from "@countersign/venue-paper/program";
import { modes } from "../agents.ts";
import { InputError } from "../inputs.ts";
import { instruments } from "./agent.ts";
import { venueOf } from "./cluster.ts";
import type { Process } from "./process.ts";
import { traceAnswers } from "./venue-trace.ts";

export async function runExchange(own: Process): Promise<{ close(): Promise<void> }> {
  const { place, spec, secrets, bus, fence, loop, log, onBroken } = own;
  const { account } = spec;
  const { address, apiKey } = venueOf(spec, secrets());
  const accounts = new Map<string, Credential>([[apiKey, { account }]]);
  for (const key of Object.values(secrets().dropCopyKeys ?? {})) accounts.set(key, { account, readOnly: true });
  const rows = instruments();
  const nowMs = () => loop.nowMs();
  const exchange = await startExchange({
    dir: join(place.dataDir, "exchange"),
    listen: place.listenAt(address),
    instruments: rows,
    accounts,
    // Before it reads a quote it has to know who may say one.
    feed: deferred(own.genesis(), busFeed({ bus, keys: fence.keys, mode: modes[spec.mode], nowMs, instruments: rows })),
    latencyMs: spec.settings.venueLatencyMs,
    note: log,
    onFailure: onBroken,
  }).catch((error: unknown) => {
    if (!(error instanceof ExchangeError)) throw error;
    throw new InputError("BAD_OPTION", `paper-exchange: ${error.message}`, { cause: error });
  });
  const untrace = traceAnswers(own.observed.probe);
  own.ready();
  return {
    async close() {
      untrace();
      await exchange.close();
    },
  };
}

type Feed = ReturnType<typeof busFeed>;

function deferred(ready: Promise<void>, feed: Feed): Feed {
  return {
    start: async (onQuote, note) => {
      await ready;
      await feed.start(onQuote, note);
    },
    close: () => feed.close(),
  };
}
