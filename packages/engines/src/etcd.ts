import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EngineError } from "./errors.ts";
import { install, said } from "./install.ts";
import { type EngineProcess, freePorts, nodeAt, SupervisedServer } from "./server.ts";

export interface EtcdOptions {
  /** Members; 3 unless told otherwise. A cluster given by address has what it has. */
  readonly nodes?: number;
  /** Keeps the data, for the next start too. Without it they are in a temporary folder and go with the run. */
  readonly dir?: string;
}

export interface EtcdCluster extends AsyncDisposable {
  /** host:port of each member, for clients. */
  readonly endpoints: readonly string[];
  /** From 0. @throws EngineError NOT_OURS of a cluster given by address. */
  node(index: number): EngineProcess;
}

/**
 * A real etcd: the one that COUNTERSIGN_ETCD names (host:port,host:port,…), or members started here on free loopback ports. Returns when
 * the cluster has a leader. @throws EngineError
 */
export async function etcd({ nodes = 3, dir }: EtcdOptions = {}): Promise<EtcdCluster> {
  const given = process.env.COUNTERSIGN_ETCD;
  if (given !== undefined) return givenCluster(given.split(","));
  return startCluster(await etcdProgram(), nodes, dir);
}

export const ETCD_PACKAGE = "etcd-server";

/** @throws EngineError PROGRAM_MISSING */
export async function etcdProgram(): Promise<string> {
  if ((await said("etcd", ["--version"])) === undefined) await install("etcd", [ETCD_PACKAGE]);
  return "etcd";
}

/** What takes and restores snapshots. @throws EngineError PROGRAM_MISSING */
export async function etcdctlProgram(): Promise<string> {
  if ((await said("etcdctl", ["version"])) === undefined) await install("etcdctl", ["etcd-client"]);
  return "etcdctl";
}

export interface EtcdMemberPlan {
  readonly name: string;
  readonly dataDir: string;
  /** URL for clients, and for the other members. */
  readonly client: string;
  readonly peer: string;
  /** `name=peer URL` of every member. */
  readonly cluster: readonly string[];
}

/** Of the program, for a member as we want it, wherever it runs. */
export function memberArguments({ name, dataDir, client, peer, cluster }: EtcdMemberPlan): readonly string[] {
  const settings = {
    name,
    "data-dir": dataDir,
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": cluster.join(","),
    "initial-cluster-state": "new",
    logger: "zap",
    "log-level": "warn",
    // A member whose data differ from the others' does not serve.
    "experimental-initial-corrupt-check": "true",
    // Old revisions are nobody's: a watch that fell behind reads again.
    "auto-compaction-mode": "periodic",
    "auto-compaction-retention": "5m",
  };
  return Object.entries(settings).map(([option, value]) => `--${option}=${value}`);
}

function givenCluster(endpoints: readonly string[]): EtcdCluster {
  return {
    endpoints,
    node: () => {
      throw new EngineError("NOT_OURS", "The members of COUNTERSIGN_ETCD are not ours to end: unset it for this");
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function startCluster(command: string, count: number, kept: string | undefined): Promise<EtcdCluster> {
  const dir = kept === undefined ? mkdtempSync(join(tmpdir(), "countersign-etcd-")) : resolve(kept);
  const ports = await portsOf(dir, 2 * count);
  const peers = Array.from({ length: count }, (_, n) => `node-${n + 1}=http://127.0.0.1:${ports[count + n]}`);
  const servers = Array.from({ length: count }, (_, n) => {
    const name = `node-${n + 1}`;
    const [client, peer] = [`http://127.0.0.1:${ports[n]}`, `http://127.0.0.1:${ports[count + n]}`];
    mkdirSync(join(dir, name), { recursive: true });
    return new SupervisedServer({
      name: `etcd ${name}`,
      command,
      args: memberArguments({ name, dataDir: join(dir, name, "data"), client, peer, cluster: peers }),
      graceMs: kept === undefined ? 0 : GRACE_MS,
      removeAtEnd: kept === undefined ? [dir] : [],
      logFile: join(dir, name, "etcd.log"),
      port: ports[n]!,
    });
  });
  const end = async () => {
    await Promise.all(servers.map((server) => server.end()));
    if (kept === undefined) rmSync(dir, { recursive: true, force: true });
  };
  const endpoints = ports.slice(0, count).map((port) => `127.0.0.1:${port}`);
  try {
    await Promise.all(servers.map((server) => server.start()));
    await Promise.all(endpoints.map((endpoint) => healthy(endpoint, dir)));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    endpoints,
    node: (index) => {
      const server = nodeAt(servers, index);
      return {
        get pid() {
          return server.pid;
        },
        kill: () => server.kill(),
        stop: () => server.stop(),
        // Back among the others; but where those are away, too, it waits for them in vain.
        async start() {
          await server.start();
          await isHealthy(nodeAt(endpoints, index), REJOINED_MS);
        },
      };
    },
    [Symbol.asyncDispose]: end,
  };
}

/** Members know each other by the ports of their first start: those are kept with their data. */
async function portsOf(dir: string, count: number): Promise<readonly number[]> {
  const file = join(dir, "ports.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const ports = await freePorts(count);
  mkdirSync(dir, { recursive: true });
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

async function healthy(endpoint: string, dir: string): Promise<void> {
  if (await isHealthy(endpoint, READY_MS)) return;
  throw new EngineError("START_FAILED", `etcd at ${endpoint} has no leader after ${READY_MS / 1_000} s: see ${dir}`);
}

/** A member that has a leader says so over HTTP, on the port of its clients. */
async function isHealthy(endpoint: string, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; Date.now() < until; await sleep(POLL_MS)) {
    const answer = await fetch(`http://${endpoint}/health`).then(
      (response) => response.json() as Promise<{ readonly health?: string }>,
      () => undefined,
    );
    if (answer?.health === "true") return true;
  }
  return false;
}

const GRACE_MS = 5_000;
const READY_MS = 30_000;
const REJOINED_MS = 10_000;
const POLL_MS = 50;
