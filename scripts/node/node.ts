/**
 * A Kubernetes node of its own on a machine that has no Docker: `node scripts/node/node.ts up|down|status|load ARCHIVE…|kubeconfig`. One
 * network, mount and process namespace holds everything; the host gets one process, one cgroup and one port of 127.0.0.1, and `down` says
 * whether it is as it was.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../run.ts";
import { writeConfigs } from "./components.ts";
import { differences, makeCgroups, type Picture, picture, removeCgroups } from "./host.ts";
import { load, ownImages } from "./images.ts";
import { makePki } from "./pki.ts";
import { place } from "./place.ts";
import { missingPrograms, program } from "./programs.ts";
import { services } from "./services.ts";

const READY_MS = 180_000;

const at = place();
const begun = performance.now();
const [command = "", ...rest] = process.argv.slice(2);
const commands: Readonly<Record<string, () => Promise<number> | number>> = {
  up,
  down,
  status,
  load: loadArchives,
  kubeconfig: () => show(at.kubeconfig),
};
const chosen = commands[command];
if (chosen === undefined) console.error(`node ${command}: one of ${Object.keys(commands).join(", ")}`);
try {
  process.exitCode = (await chosen?.()) ?? 2;
} catch (error) {
  console.error(`node ${command}: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function up(): Promise<number> {
  if (isUp()) throw new Error(`one is up already: ${at.dir}`);
  const missing = missingPrograms();
  if (process.getuid?.() !== 0) missing.unshift("it takes root: namespaces, mounts and cgroups are made");
  if (missing.length > 0) throw new Error(missing.join("\n"));
  rmSync(at.dir, { recursive: true, force: true });
  for (const dir of [at.dir, at.logs]) mkdirSync(dir, { recursive: true });
  const before = picture(at.dir);
  writeFileSync(at.before, JSON.stringify(before));
  const archives = await ownImages(at);
  makePki(at);
  writeConfigs(at);
  removeCgroups();
  makeCgroups();
  say("images, keys and configurations");
  const log = openSync(join(at.logs, "node.log"), "a");
  const keeper = [join(import.meta.dirname, "keeper.ts")];
  spawn(process.execPath, keeper, { detached: true, stdio: ["ignore", log, log] }).unref();
  await until("containerd answers", () => load(at, archives).then(isDone, isNotYet));
  await until("the API is ready", async () => (await kubectl("get", "--raw", "/readyz")).code === 0);
  const applied = await kubectl("apply", "--server-side", "-f", write("services.json", services(at)));
  if (applied.code !== 0) throw new Error(applied.output);
  const waits = [["node", "node/node", "Ready"] as const, ["names", "deployment/coredns", "Available"] as const];
  for (const [what, name, condition] of waits)
    await until(`${what} ready`, async () => {
      const args = ["wait", "-n", "kube-system", `--for=condition=${condition}`, name, "--timeout=1s"];
      return (await kubectl(...args)).code === 0;
    });
  console.log(`export KUBECONFIG=${at.kubeconfig}`);
  return 0;
}

/** Everything is killed with one process; then the host has to be as it was. */
async function down(): Promise<number> {
  if (isUp()) process.kill(keeperId(), "SIGTERM");
  await until("no process is left", async () => !isUp());
  // A process that was killed leaves its cgroup a little later.
  for (let tries = 0; tries < 50 && picture(at.dir).cgroups.length > 0; tries++) {
    removeCgroups();
    await sleep(100);
  }
  const left = existsSync(at.before)
    ? differences(JSON.parse(readFileSync(at.before, "utf8")) as Picture, picture(at.dir))
    : [];
  rmSync(at.dir, { recursive: true, force: true });
  for (const line of left) console.error(line);
  if (left.length === 0) say("the host is as it was: mounts, cgroups and settings");
  return left.length === 0 ? 0 : 1;
}

async function status(): Promise<number> {
  if (!isUp()) {
    console.log("down");
    return 1;
  }
  const { code, output } = await kubectl("get", "nodes,pods", "--all-namespaces", "-o", "wide");
  console.log(`up, process ${keeperId()}\n${output}`);
  return code;
}

async function loadArchives(): Promise<number> {
  if (rest.length === 0) throw new Error("which archives?");
  process.stdout.write(await load(at, rest));
  return 0;
}

function show(path: string): number {
  if (!isUp()) throw new Error("none is up");
  console.log(path);
  return 0;
}

function kubectl(...args: readonly string[]): ReturnType<typeof run> {
  return run(program("kubectl"), [`--kubeconfig=${at.kubeconfig}`, ...args]);
}

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + READY_MS;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`not so after ${READY_MS / 1_000} s: ${what}; see ${at.logs}`);
    await sleep(250);
  }
  say(what);
}

function isUp(): boolean {
  try {
    return readFileSync(`/proc/${keeperId()}/cmdline`, "utf8").includes("keeper.ts");
  } catch {
    return false;
  }
}

function keeperId(): number {
  return Number(readFileSync(at.pid, "utf8"));
}

function write(name: string, value: unknown): string {
  const path = join(at.dir, name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

function isDone(): boolean {
  return true;
}

function isNotYet(): boolean {
  return false;
}

function say(what: string): void {
  console.log(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${what}`);
}
