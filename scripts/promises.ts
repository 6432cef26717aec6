// `node scripts/promises.ts`: the promises alone, without the unit tests.
import { provePromises } from "../test/promise-suite.ts";
import { notYet } from "../test/promises/not-yet.ts";
import { root } from "./run.ts";

const { passed, failed } = await provePromises({ root, notYet, print: console.log });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
