/**
 * The crash test: `npm run crash -- [--minutes N] [--seed S] [--plant FAULT] [[SYMBOL=]TRACE… --hedge SYMBOL --speed N]`.
 *
 * A day is traded by separate processes on three brokers, PostgreSQL and Redis while a nemesis does kill -9, in seeded random order, at
 * least one every five seconds: on agents, validators, the market, the paper exchange and the engines. Then an independent checker reads
 * what is left. Exit code 1 when it finds anything; with --plant, when it does not find that fault by its name.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseOptions } from "../../scripts/options.ts";
import { tracesOf } from "../support/traces.ts";
import { check, plants } from "./checks.ts";
import { type Trial, trial } from "./trial.ts";

const ORDERS_MIN = 10;

const { values, positionals } = parseOptions({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
    plant: { type: "string" },
    hedge: { type: "string", default: "EURUSD" },
    speed: { type: "string", default: "60" },
  },
});
const { minutes, seed, hedge, speed } = values;
const plant = values.plant === undefined ? undefined : plants[values.plant as keyof typeof plants];
if (values.plant !== undefined && plant === undefined) {
  console.error(`--plant ${values.plant}: one of ${Object.keys(plants).join(", ")}`);
  process.exit(2);
}
const traces = tracesOf(positionals);
const dir = mkdtempSync(join(tmpdir(), "countersign-crash-"));
const begun = performance.now();
const say = (text: string) => console.log(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
console.log(`crash test: seed ${seed}, ${minutes} minutes`);
try {
  const asked = { dir, seed, minutes: Number(minutes), speed: Number(speed), hedge, say };
  process.exitCode = report(await trial(traces.length === 0 ? asked : { ...asked, traces }));
} catch (error) {
  process.exitCode = 1;
  console.error(error);
}
if (process.exitCode === 0) rmSync(dir, { recursive: true, force: true });
else console.error(`what is left, with every process' log, is in ${dir}`);

function report({ evidence, happened: kills }: Trial<number>): number {
  const { sent, traded, booked, accepted, ended, committed, leaves, kept, decisions } = evidence;
  const findings = check(plant === undefined ? evidence : plant[1](evidence));
  for (const { check: name, text } of findings) console.log(`${name}: ${text}`);
  console.log(
    `${kills} kills; ${accepted.length} orders accepted, ${ended.length} outcomes, ${sent.length} sent; ${traded.length} trades, ` +
      `${booked.length} booked; ${committed.length} records committed, ${leaves.length} in the audit log; ` +
      `${decisions ?? 0} decisions replayed; ${kept.length} records in dead-letter queues`,
  );
  if (accepted.length < ORDERS_MIN)
    console.log(`fewer than ${ORDERS_MIN} orders: this says little; give it more minutes`);
  if (plant === undefined) return findings.length === 0 && accepted.length >= ORDERS_MIN ? 0 : 1;
  const isFound = findings.some(({ check: name }) => name === plant[0]);
  console.log(isFound ? `${values.plant} was found by ${plant[0]}` : `${values.plant} was not found`);
  return isFound ? 0 : 1;
}
