/**
 * The crash test: `npm run crash -- [--minutes N] [--seed S] [--plant FAULT] [[SYMBOL=]TRACE… --hedge SYMBOL --speed N]`.
 *
 * A day is traded by separate processes on three brokers while a nemesis does kill -9, in seeded random order, at least one every five
 * seconds: on agents, validators, the market, the paper exchange, and a broker. Then it stops, what waits is given time, and an
 * independent checker reads what is left. Exit code 1 when it finds anything; with --plant, when it does not find that fault by its name.
 *
 * PostgreSQL is not among the victims yet: the embedded server takes another port when it starts again.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { cloneFile, type RunningCluster, startCluster } from "@countersign/platform";
import { Prng, uniform } from "@countersign/quant";
import { defaults } from "../../cli/src/demo/defaults.ts";
import { check, plants } from "./checks.ts";
import { type Evidence, gather } from "./evidence.ts";
import { DAY_BEGINS, recordDay } from "./recorded-day.ts";

const VICTIMS = [
  ...["execution", "policy", "portfolio", "hedger", "signal", "compliance", "market", "operator", "gateway"],
  ...["paper-exchange", "validator-1", "validator-2", "validator-3", "broker"],
] as const;
const EVERY_MS = 4_500;
const BROKER_AWAY_MS = 3_000;
/** For orders, fills and records that are under way when the last kill was done. */
const SETTLE_MS = 60_000;
const ORDERS_MIN = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    plant: { type: "string" },
    hedge: { type: "string", default: "EURUSD" },
    speed: { type: "string", default: "120" },
  },
});
const plant = values.plant === undefined ? undefined : plants[values.plant as keyof typeof plants];
if (values.plant !== undefined && plant === undefined) {
  console.error(`--plant ${values.plant}: one of ${Object.keys(plants).join(", ")}`);
  process.exit(2);
}
const prng = new Prng(BigInt(values.seed));
const dir = mkdtempSync(join(tmpdir(), "countersign-crash-"));
const begun = performance.now();
const say = (text: string) => console.log(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
console.log(`crash test: seed ${values.seed}, ${values.minutes} minutes`);
try {
  await using cluster = await startCluster(join(dir, "cluster"), { choice: choice(), onStep: say });
  const kills = await nemesis(cluster, Number(values.minutes) * 60_000);
  const evidence = await settled(cluster);
  process.exitCode = report(evidence, kills);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

function choice() {
  const traces = positionals.map((text) => {
    const [, symbol, path = text] = /^([\w^.-]+)=(.+)$/.exec(text) ?? [];
    return { path, ...(symbol !== undefined && { symbol }) };
  });
  const symbols = ["EURUSD", "XAUUSD"];
  return {
    account: defaults.account,
    person: defaults.person,
    currency: defaults.currency,
    deposit: defaults.deposit,
    traded: symbols.filter((symbol) => symbol !== values.hedge),
    hedge: values.hedge,
    market:
      traces.length > 0
        ? { traces, speed: Number(values.speed) }
        : { traces: recordDay(dir, values.seed), from: DAY_BEGINS, speed: Number(values.speed) },
    strategies: [cloneFile("test/fixtures/strategies/busy.ts")],
    limits: cloneFile(defaults.limitsWithinADay),
    settings: {
      ceiling: defaults.ceiling,
      portfolio: defaults.portfolio,
      hedge: defaults.hedging,
      venueLatencyMs: defaults.venueLatencyMs,
    },
  };
}

/** Kills one of them every few seconds; the supervisor starts an agent again, a broker comes back by itself after a while. */
async function nemesis({ supervisor, kafka }: RunningCluster, forMs: number): Promise<number> {
  const until = performance.now() + forMs;
  let kills = 0;
  let broker: Promise<void> = Promise.resolve();
  while (performance.now() < until) {
    await wait(uniform(prng) * EVERY_MS);
    const victim = VICTIMS[Math.floor(uniform(prng) * VICTIMS.length)]!;
    kills++;
    if (victim !== "broker") {
      say(`kill -9 ${victim}`);
      supervisor.kill(victim, "SIGKILL");
      continue;
    }
    // One at a time: with two of three away nothing is promised but to wait.
    await broker;
    const index = Math.floor(uniform(prng) * kafka.brokers.length);
    say(`kill -9 broker ${index + 1}`);
    await kafka.node(index).kill();
    broker = wait(BROKER_AWAY_MS).then(() => kafka.node(index).start());
  }
  await broker;
  return kills;
}

/** Evidence that holds, or the last there was when the time is over. */
async function settled({ postgresUrl }: RunningCluster): Promise<Evidence> {
  say("no more kills");
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    await wait(2_000);
    const evidence = await gather(join(dir, "cluster"), postgresUrl);
    if (check(evidence).length === 0 || performance.now() > until) return evidence;
  }
}

function report(evidence: Evidence, kills: number): number {
  const { sent, traded, booked, accepted, ended, committed, leaves } = evidence;
  const findings = check(plant === undefined ? evidence : plant[1](evidence));
  for (const { check: name, text } of findings) console.log(`${name}: ${text}`);
  console.log(
    `${kills} kills; ${accepted.length} orders accepted, ${ended.length} outcomes, ${sent.length} sent; ${traded.length} trades, ` +
      `${booked.length} booked; ${committed.length} records committed, ${leaves.length} in the audit log`,
  );
  if (accepted.length < ORDERS_MIN)
    console.log(`fewer than ${ORDERS_MIN} orders: this says little; give it more minutes`);
  if (plant === undefined) return findings.length === 0 && accepted.length >= ORDERS_MIN ? 0 : 1;
  const isFound = findings.some(({ check: name }) => name === plant[0]);
  console.log(isFound ? `${values.plant} was found by ${plant[0]}` : `${values.plant} was not found`);
  return isFound ? 0 : 1;
}
