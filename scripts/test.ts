// `npm test`: the unit tests, those that need Kafka, etcd or Redis, then the promises. The last line counts tests of all kinds and marks proven.
// REQUIRE_ENGINES=etcd,kafka,postgres,redis: a server that cannot be had is a failure; else its tests are named as not run.
// --failed NAME: `npm run NAME` ran before and has failed, and the last line shall say so; as often as there are such.
import { relative } from "node:path";
import { provePromises } from "../test/promise-suite.ts";
import { notYet } from "../test/promises/not-yet.ts";
import { engineTestFiles, planEngineTests, runEngineTests } from "./engines.ts";
import { parseOptions } from "./options.ts";
import { root } from "./run.ts";
import { failedTests, runVitest } from "./vitest.ts";

const { failed: failedBefore = [] } = parseOptions({ options: { failed: { type: "string", multiple: true } } }).values;

const units = await runVitest("vitest.config.ts", [], { show: true });
for (const reason of units.broken) console.log(`FAILED  ${reason}`);
if (units.skipped > 0) console.log(`${units.skipped} unit tests were skipped`);

const plan = await planEngineTests(engineTestFiles(), process.env.REQUIRE_ENGINES ?? "");
const withEngines = await runEngineTests(plan.files);
for (const { broken, skipped } of withEngines) {
  for (const reason of broken) console.log(`FAILED  ${reason}`);
  if (skipped > 0) console.log(`${skipped} tests with engines were skipped`);
}

const promises = await provePromises({ root, notYet, print: console.log });

for (const name of failedBefore) console.log(`FAILED  npm run ${name}, see above`);
for (const failure of plan.failures) console.log(`FAILED  ${failure}`);
for (const line of plan.notRun) console.log(line);
const runs = [units, ...withEngines];
// Said once more here: whoever reads only the end of the output shall know which.
for (const { file, fullName } of runs.flatMap(failedTests)) console.log(`FAILED  ${relative(root, file)}: ${fullName}`);
const count = (of: (run: (typeof runs)[number]) => number) => runs.reduce((sum, run) => sum + of(run), 0);
const failed =
  count((one) => one.failed + one.broken.length) + plan.failures.length + promises.failed + failedBefore.length;
console.log(`${count(({ passed }) => passed) + promises.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
