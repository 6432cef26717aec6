/**
 * `node test/images/try.ts [--tag TAG]`: the images as they are, in restricted containers without a network: what a process finds there, the
 * demo, the engines, and a cluster of all processes that trades. Needs podman and runc, and root for a network of its own. By hand, because
 * it takes minutes; the first column of images/README.md's table is what it prints.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { PROCESSES } from "../../scripts/images/names.ts";
import { parseOptions } from "../../scripts/options.ts";
import { root } from "../../scripts/run.ts";
import { tryCluster } from "./cluster.ts";
import { demo } from "./demo.ts";
import { startEngines } from "./engines.ts";
import { look } from "./look.ts";

const { values } = parseOptions({
  options: {
    tag: {
      type: "string",
      default: execFileSync("git", ["rev-parse", "--short=12", "HEAD"], { cwd: root, encoding: "utf8" }).trim(),
    },
    inside: { type: "boolean", default: false },
  },
});
const ref = (name: string) => `localhost/${name}:${values.tag}`;

if (values.inside) process.exitCode = await tryAll();
else {
  // Nothing but a loopback of its own: what leaves it would not be noticed otherwise.
  const { status } = spawnSync(
    "unshare",
    ["--net", process.execPath, import.meta.filename, "--inside", "--tag", values.tag],
    { stdio: "inherit" },
  );
  process.exitCode = status ?? 1;
}

async function tryAll(): Promise<number> {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  const problems: string[] = [];
  for (const name of PROCESSES) {
    console.log(`countersign-${name}`);
    problems.push(...look(ref(`countersign-${name}`)));
  }
  console.log("countersign");
  problems.push(...demo(ref("countersign")));
  console.log("countersign-engines");
  {
    await using engines = await startEngines(ref("countersign-engines"));
    for (const { name, memoryMb } of engines.containers)
      console.log(
        `  ${name.padEnd(15)} answers ${((engines.startedMs.get(name) ?? Number.NaN) / 1_000).toFixed(1)} s, ${memoryMb} MB`,
      );
    console.log("a cluster of them");
    problems.push(...(await tryCluster(engines, (agent) => ref(`countersign-${agent}`))));
    for (const container of engines.containers) {
      const { code, ms } = container.stop();
      console.log(`  ${container.name.padEnd(15)} ends ${(ms / 1_000).toFixed(1)} s with ${code}`);
      // Java says of a SIGTERM that it was one.
      if (![0, 143].includes(code)) problems.push(`${container.name} ended with ${code}`);
    }
  }
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? "all images do what they have to" : `FAILED: ${problems.length}`);
  return problems.length === 0 ? 0 : 1;
}
