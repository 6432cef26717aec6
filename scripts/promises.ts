// `node scripts/promises.ts`: the promises alone, without the unit tests. `node scripts/promises.ts P01 P03.halt`: these alone.
import { provePromises } from "../test/promise-suite.ts";
import { notYet } from "../test/promises/not-yet.ts";
import { root } from "./run.ts";

const { passed, failed } = await provePromises({ root, notYet, only: process.argv.slice(2), print: console.log });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
