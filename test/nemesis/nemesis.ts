/**
 * The nemesis of the quorum: `npm run nemesis -- [--minutes N] [--seed S] [--plant fork|forget-halt|old-epoch]`. Three members of etcd and
 * three validators, each on a host of its own, are parted, killed, stopped, set to a wrong clock and put back to an old disk, while
 * others write, halt, resume and read. What they saw is then checked: nothing acknowledged is lost, no two entries stand at one place, no
 * read goes back in time, no halt is forgotten, no order leaves in an old epoch. With --plant the history is one that a broken quorum
 * would leave, and has to be found by name. Exit 0: as it should be.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseOptions } from "../../scripts/options.ts";
import { plants } from "./plants.ts";
import { report } from "./report.ts";
import { trial } from "./trial.ts";

const { values } = parseOptions({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    plant: { type: "string" },
  },
});
const { minutes, seed, plant } = values;
if (!(Number(minutes) > 0) || !/^\d+$/.test(seed)) {
  console.error("--minutes takes a number above 0, --seed a whole one, such as --minutes 1 --seed 3");
  process.exit(2);
}
if (plant !== undefined && !Object.hasOwn(plants, plant)) {
  console.error(`--plant ${plant}: one of ${Object.keys(plants).join(", ")}`);
  process.exit(2);
}
const dir = mkdtempSync(join(tmpdir(), "countersign-nemesis-"));
const begun = performance.now();
const say = (text: string) => console.log(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
console.log(`nemesis of the quorum: seed ${seed}, ${minutes} minutes`);
try {
  const happened = await trial({ dir, seed, minutes: Number(minutes), say });
  process.exitCode = report(happened, plant as keyof typeof plants | undefined);
} catch (error) {
  process.exitCode = 1;
  console.error(error);
}
if (process.exitCode === 0) rmSync(dir, { recursive: true, force: true });
else console.error(`what is left, with the log of every host, is in ${dir}`);
