// `npm test`: the unit tests, then the promises. The last line counts tests of both kinds and marks proven.
// --check-failed: what ran before has failed, and the last line shall say so.
import { provePromises } from "../test/promise-suite.ts";
import { notYet } from "../test/promises/not-yet.ts";
import { root } from "./run.ts";
import { runVitest } from "./vitest.ts";

const units = await runVitest("vitest.config.ts", [], { show: true });
for (const reason of units.broken) console.log(`FAILED  ${reason}`);
if (units.skipped > 0) console.log(`${units.skipped} unit tests were skipped`);

const promises = await provePromises({ root, notYet, print: console.log });

const checkFailed = process.argv.includes("--check-failed");
if (checkFailed) console.log("FAILED  npm run check, see above");
const failed = units.failed + units.broken.length + promises.failed + (checkFailed ? 1 : 0);
console.log(`${units.passed + promises.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
