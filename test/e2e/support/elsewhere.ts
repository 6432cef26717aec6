/**
 * Loaded before the command (`node --import`): a test's runs and database lie in a folder of its own, not among the runs of whoever works
 * in this clone. Nothing else of the command differs.
 */
import { join } from "node:path";
import { defaults } from "../../../cli/src/demo/defaults.ts";

const state = process.env.COUNTERSIGN_TEST_STATE;
if (state === undefined) throw new Error("COUNTERSIGN_TEST_STATE: name the folder");
Object.assign(defaults, { runs: join(state, "runs"), database: join(state, "postgres") });
