/** `countersign replay`: a run's journals before the agents again; every decision has to come out as it was. */
import { basename, join, resolve } from "node:path";
import { KeyPurpose } from "@countersign/contracts";
import { parseMoney } from "@countersign/orders";
import {
  checkTrace,
  cloneFile,
  findRun,
  InputError,
  type LoadedStrategy,
  loadLimits,
  loadStrategy,
  ReplayKeys,
  type RunFacts,
  readRunFacts,
  replayJournals,
  sealedFeed,
} from "@countersign/platform";
import { defaults } from "./demo/defaults.ts";
import { type Market, recordedMarket, simulatedMarket } from "./demo/market.ts";
import { windowOf } from "./demo/window.ts";
import { exitCodes } from "./failure.ts";
import { counted } from "./terminal/figures.ts";
import { Screen } from "./terminal/screen.ts";
import { count } from "./why.ts";

export async function replayCommand(run: string | undefined): Promise<number> {
  const dir = findRun(cloneFile(defaults.runs), run === undefined ? undefined : count("replay", run));
  const facts = readRunFacts(dir);
  const { seed, account, person, traded, hedge, settings, currency } = facts;
  const market = await marketOf(facts);
  const { ceiling, ...set } = settings;
  const config = {
    seed,
    account,
    person,
    traded,
    instruments: market.instruments,
    hedgeSymbol: hedge ?? undefined,
    strategies: await strategiesOf(facts),
    limits: loadLimits(join(dir, "limits.json")),
    ceiling: {
      notional: parseMoney(ceiling.notional, currency, defaults.moneyScale),
      persons: ceiling.persons,
    },
    ...set,
  };
  const signer = new ReplayKeys(seed).signer("market", KeyPurpose.ENVELOPE);
  const { decisions, differing } = await replayJournals({
    dir,
    config,
    market: sealedFeed(market.events, { signer, instruments: market.instruments }),
  });
  const screen = new Screen(process.stdout);
  for (const [agent, n] of Object.entries(decisions)) screen.line(`${agent.padEnd(12)} ${counted(n, "decision")}`);
  for (const { agent, n, what } of differing) screen.line(`FAILED  ${agent}, decision ${n}: ${what}`);
  const total = Object.values(decisions).reduce((sum, n) => sum + n, 0);
  const verdict = differing.length === 0 ? "the same effects, byte for byte" : "not reproduced";
  screen.line(`run ${basename(dir)}: ${counted(total, "decision")} made again: ${verdict}`);
  return differing.length === 0 ? exitCodes.ok : exitCodes.failed;
}

/** The very files: a trace with another digest is another market. */
async function marketOf({ market, seed, from, to }: RunFacts): Promise<Market> {
  if (market.kind === "simulated") return simulatedMarket(seed);
  const names = market.files.map(({ path, symbol }) => ({ path: inClone(path), ...(symbol !== null && { symbol }) }));
  const opened = await recordedMarket(names, windowOf(from, to));
  for (const [n, { path, sha256 }] of (opened.trace?.files ?? []).entries()) {
    checkTrace(path, market.files[n]?.sha256, sha256);
  }
  return opened;
}

async function strategiesOf({ strategies }: RunFacts): Promise<readonly LoadedStrategy[]> {
  const loaded: LoadedStrategy[] = [];
  for (const { path, sha256 } of strategies) {
    const strategy = await loadStrategy(inClone(path));
    if (strategy.sha256 !== sha256)
      throw new InputError(
        "BAD_STRATEGY",
        `${path} was changed since that run: put the version with SHA-256 ${sha256} back`,
      );
    loaded.push(strategy);
  }
  return loaded;
}

function inClone(path: string): string {
  return resolve(cloneFile(""), path);
}
