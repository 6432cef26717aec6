/**
 * The end to end of a cluster: `npm run e2e -- --tag TAG [--kubeconfig FILE] [--namespace NAME] [--registry HOST] [--keep]
 * [--no-network-policy] [--artefacts DIR]`. On any cluster that can pull or already has the images: it is founded, installed with its
 * engines, trades, is killed in parts, halted, rolled out, and taken away again. Exit 0: everything was as it should be.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloneFile } from "@countersign/platform";
import { Recorder } from "./bus/recorder.ts";
import { Tape } from "./bus/tape.ts";
import { gather } from "./evidence.ts";
import { found } from "./found.ts";
import { Kube } from "./kube.ts";
import { type Options, readOptions } from "./options.ts";
import type { Topology } from "./reachability.ts";
import { Report } from "./report.ts";
import { forget } from "./stories/forget.ts";
import { halt } from "./stories/halt.ts";
import { install, memory } from "./stories/install.ts";
import { jobs } from "./stories/jobs.ts";
import { kill } from "./stories/kill.ts";
import { network } from "./stories/network.ts";
import { order } from "./stories/order.ts";
import { rollout } from "./stories/rollout.ts";
import type { World } from "./world.ts";

try {
  process.exitCode = await run(readOptions(process.argv.slice(2), process.env));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

async function run(options: Options): Promise<number> {
  const report = new Report();
  const kube = new Kube(options.kubeconfig, options.namespace);
  const { serverVersion } = JSON.parse(await kube.must("version", "-o", "json"));
  const nodes = (await kube.must("get", "nodes", "-o", "name")).trim().split("\n").length;
  report.figure("cluster", `Kubernetes ${serverVersion.gitVersion}, ${nodes} nodes`);
  // One that is there already is somebody's: it is not taken away afterwards.
  await report.step("a namespace where only restricted pods are admitted", () => makeNamespace(kube));
  const dir = mkdtempSync(join(tmpdir(), "countersign-e2e-"));
  const artefacts = options.artefacts ?? join(dir, "artefacts");
  let recorder: Recorder | undefined;
  let isWhole = false;
  try {
    const folder = join(dir, "cluster");
    const spec = await report.step("a cluster is founded", () => found(folder, options.namespace));
    const topology: Topology = JSON.parse(readFileSync(cloneFile("charts/countersign/files/topology.json"), "utf8"));
    const hasVolumes = await kube.makesVolumes();
    if (!hasVolumes) report.notRun("volumes outlive their pods", "this cluster has no default StorageClass");
    const world: World = { options, kube, report, topology, folder, tape: new Tape(spec), hasVolumes };
    await install(world);
    recorder = new Recorder(kube, world.tape, join(dir, "tap.log"));
    await order(world);
    await network(world);
    await halt(world);
    await kill(world);
    await forget(world);
    await jobs(world);
    await rollout(world);
    await memory(world);
    isWhole = true;
  } catch (error) {
    report.failed(error);
    await gather(kube, artefacts);
    console.error(`what the cluster says of itself: ${artefacts}`);
  } finally {
    recorder?.close();
    if (!options.keep) await takeAway(kube, report);
    // The founder's keys, which are nobody's now.
    if (!options.keep) rmSync(isWhole ? dir : join(dir, "cluster"), { recursive: true, force: true });
  }
  report.end();
  return isWhole ? 0 : 1;
}

async function makeNamespace(kube: Kube): Promise<void> {
  await kube.must("create", "namespace", kube.namespace);
  const levels = ["enforce", "audit", "warn"].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
  await kube.must("label", "namespace", kube.namespace, ...levels);
}

async function takeAway(kube: Kube, report: Report): Promise<void> {
  await report.step("it is taken away", async () => {
    await kube.helm(["uninstall", "countersign", "--wait", "--timeout", "120s"]);
    await kube.must("delete", "namespace", kube.namespace, "--timeout=120s");
  });
}
