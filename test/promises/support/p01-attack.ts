/** The whole platform, on memory alone, over the recorded market; and in it, once it trades, the intruder with his whole list. */
import { readFileSync } from "node:fs";
import { openTrace, sealedFeed } from "@countersign/agent-market";
import { KeyPurpose, Mode } from "@countersign/contracts";
import { parseInstruments, parseMoney } from "@countersign/orders";
import { MemoryQuorumLog } from "@countersign/quorum";
import { admit, MemoryStore } from "@countersign/runtime";
import { type Embedded, type EmbeddedOptions, startEmbedded } from "../../../platform/src/embedded.ts";
import { cloneFile, loadLimits, loadStrategy } from "../../../platform/src/inputs.ts";
import { type AttackReport, Intruder } from "../../../platform/src/intruder.ts";
import { ReplayKeys } from "../../../platform/src/keys.ts";

export interface Attacked {
  readonly report: AttackReport;
  /** "sender type" of every record that anybody but Portfolio said meanwhile, and had the right to say. */
  readonly said: readonly string[];
  /** What the firm holds: both logs' heads, and what Policy knows of the account. */
  readonly before: unknown;
  readonly after: unknown;
}

const SEED = "1";
const OPEN_MS = Date.parse("2015-06-01");
const DAY_MS = 86_400_000;
const ACCOUNT = "main";
/** Orders have been filled and booked when he comes. */
const FILLS_BEFORE = 3;

export async function attackEmbedded(): Promise<Attacked> {
  const { options, releases } = await recordedYear();
  const said: string[] = [];
  let embedded: Embedded | undefined;
  let intruder: Intruder | undefined;
  try {
    for await (const batch of releases) {
      for (const event of batch) {
        embedded ??= await startEmbedded({ ...options, startMs: event.timeMs });
        if (intruder === undefined && event.timeMs >= OPEN_MS) {
          await embedded.scheduler.advanceTo(event.timeMs);
          await embedded.begin();
          intruder = await Intruder.listen(embedded, { account: ACCOUNT, deposit: options.deposit });
          await listen(embedded, said);
        }
        await embedded.release(event);
        if (intruder?.isDue(FILLS_BEFORE) !== true) continue;
        said.length = 0;
        const before = await holdings(embedded, options);
        const report = await intruder.attack();
        return { report, said, before, after: await holdings(embedded, options) };
      }
    }
    throw new Error("the market is over, and the intruder has seen no order");
  } finally {
    await embedded?.close();
  }
}

async function recordedYear() {
  const known = parseInstruments(JSON.parse(readFileSync(cloneFile("markets/instruments.json"), "utf8")));
  const trace = await openTrace([{ path: cloneFile("markets/aapl-spx-1d.csv.gz") }], {
    instruments: known,
    fromMs: OPEN_MS - 400 * DAY_MS,
    toMs: OPEN_MS + 365 * DAY_MS,
  });
  const strategies = [];
  for (const name of ["trend", "mean-reversion", "breakout"])
    strategies.push(await loadStrategy(cloneFile(`strategies/${name}.ts`)));
  const { instruments } = trace;
  const options: Omit<EmbeddedOptions, "startMs"> = {
    seed: SEED,
    account: ACCOUNT,
    person: "person:ada",
    deposit: parseMoney("100000.00", "USD"),
    instruments,
    traded: ["AAPL"],
    hedgeSymbol: "SPX",
    strategies,
    limits: loadLimits(cloneFile("limits/default.json")),
    ceiling: { notional: parseMoney("50000.00", "USD"), persons: 1 },
    portfolio: { targetVolatility: 0.2, weightMax: 0.6, noTradeBand: 0.02 },
    hedge: { band: 0.05, bandInStress: 0.02, effectivenessMin: 0.1 },
    venueLatencyMs: 5,
    openStore: async () => new MemoryStore(),
    log: new MemoryQuorumLog(),
  };
  const signer = new ReplayKeys(SEED).signer("market", KeyPurpose.ENVELOPE);
  return { options, releases: sealedFeed(trace.batches(), { signer, instruments }) };
}

/** Hears what an agent would act on: what is authentic and allowed. */
async function listen({ bus, fence, recordTopics, scheduler }: Embedded, said: string[]): Promise<void> {
  const as = { kind: "every", name: "listener" } as const;
  const options = { topics: recordTopics, as, from: "latest" } as const;
  await bus.subscribe({ ...options, maxInFlightBytes: 8_000_000, maxProcessingMs: 30_000 }, ({ records }) => {
    for (const { topic, key, value } of records) {
      const delivery = { bytes: value, topic, recordKey: Buffer.from(key).toString(), headers: undefined };
      const admitted = admit(delivery, fence.keys, Mode.REPLAY, scheduler.nowMs());
      if (!admitted.ok) continue;
      const { sender, type } = admitted.opened.body;
      if (sender !== "portfolio") said.push(`${sender} ${type}`);
    }
    return { through: records.at(-1)!.offset };
  });
}

async function holdings({ stores }: Embedded, { log }: Pick<EmbeddedOptions, "log">): Promise<unknown> {
  const policy = await stores.get("policy")?.load(ACCOUNT);
  return { control: await log.head("control"), ledger: await log.head("ledger"), policy };
}
