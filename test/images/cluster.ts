/** A whole cluster, each process from its own image and with its own keys alone: it starts, trades, and ends when it is told to. */
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { topicEnds } from "@countersign/bus/kafka/look";
import { defaults } from "../../cli/src/demo/defaults.ts";
import { VALIDATORS } from "../../platform/src/genesis.ts";
import { type ClusterSpec, readSecrets, readSpec } from "../../platform/src/processes/cluster.ts";
import { foundCluster, processesOf, proposeFounding } from "../../platform/src/processes/found.ts";
import { keyFilesOf } from "../../platform/src/processes/key-files.ts";
import { createTopics } from "../../platform/src/processes/topics.ts";
import { root } from "../../scripts/run.ts";
import { type Engines, until } from "./engines.ts";
import { Container, ownFolder, USER } from "./podman.ts";

/** @param imageOf a process, by its agent */
export async function tryCluster(engines: Engines, imageOf: (agent: string) => string): Promise<readonly string[]> {
  const dir = join(mkdtempSync(join(tmpdir(), "countersign-try-")), "cluster");
  await found(dir, engines);
  await createTopics({ brokers: engines.kafka, replicas: 1 });
  const spec = readSpec(dir);
  const names = processesOf(spec);
  const began = performance.now();
  const containers = names.map((name) => {
    const agent = name.startsWith("validator-") ? "validator" : name;
    return new Container(name, {
      image: imageOf(agent),
      args: [name],
      network: "host",
      mounts: { "/var/lib/countersign": ownFolder("data") },
      readOnly: { "/etc/countersign": folderOf(dir, name) },
    });
  });
  try {
    const ready = new Map<string, number>();
    const waiting = names.map(async (name) => {
      await until(`${name} is ready`, () => answers(spec, name, "/readyz"), 240_000);
      ready.set(name, performance.now() - began);
    });
    const founding = until("the validators are up", async () => {
      const up = await Promise.all(VALIDATORS.map((name) => answers(spec, name, "/healthz")));
      return up.every((is) => is);
    }).then(() => proposeFounding(dir));
    await Promise.all([founding, ...waiting]);
    await until("a fill is booked", () => hasBooked(engines.kafka), 180_000);
    console.log(`  trades ${seconds(performance.now() - began)} after the first container`);
    const problems: string[] = [];
    // Who asks ends before those that answer.
    for (const container of containers.toReversed()) {
      const { name, memoryMb, restarts } = container;
      const { code, ms } = container.stop();
      console.log(
        `  ${name.padEnd(15)} ready ${seconds(ready.get(name) ?? Number.NaN)}, ${memoryMb} MB, ${restarts} restarts, ends ${seconds(ms)} with ${code}`,
      );
      if (code !== 0) problems.push(`${name}: SIGTERM ended it with ${code}:\n${container.log.slice(-1_000)}`);
    }
    return problems;
  } catch (error) {
    for (const container of containers) console.error(`${container.name}:\n${container.log.slice(-600)}`);
    throw error;
  } finally {
    for (const container of containers) container.remove();
  }
}

async function found(dir: string, { kafka, etcd, postgres, redis }: Engines): Promise<void> {
  const choice = {
    mode: "paper",
    account: defaults.account,
    person: defaults.person,
    currency: defaults.currency,
    deposit: defaults.deposit,
    traded: ["AAPL"],
    hedge: defaults.hedge,
    kafka,
    etcd,
    // A day of the trace in a fifth of a second.
    market: { traces: [{ path: join("/app", defaults.trace) }], from: "2015-06-01T00:00:00.000Z", speed: 432_000 },
    // Where they are in the image.
    strategies: defaults.strategies.map((file) => join("/app", file)),
    limits: join(root, defaults.limitsOfDays),
    settings: {
      ceiling: defaults.ceiling,
      portfolio: defaults.portfolio,
      hedge: defaults.hedging,
      venueLatencyMs: defaults.venueLatencyMs,
    },
  } as const;
  await foundCluster(dir, choice, { postgres, redis });
}

/** What a Secret and a ConfigMap put before one process: nobody else's key. */
function folderOf(cluster: string, name: string): string {
  const dir = ownFolder("etc");
  const { limits } = readSpec(cluster);
  const secrets = readSecrets(cluster);
  const { venueKey, dropCopyKeys, ...common } = secrets;
  const isVenue = name === "paper-exchange";
  const own = {
    ...common,
    ...((isVenue || name === "execution") && { venueKey }),
    ...((isVenue || name.startsWith("validator-")) && { dropCopyKeys }),
  };
  writeFileSync(join(dir, "secrets.json"), JSON.stringify(own), { mode: 0o400 });
  for (const file of ["cluster.json", limits]) cpSync(join(cluster, file), join(dir, file));
  mkdirSync(join(dir, "keys"));
  for (const key of readdirSync(join(cluster, "keys")).filter((file) => keyFilesOf(name).test(file)))
    writeFileSync(join(dir, "keys", key), readFileSync(join(cluster, "keys", key)), { mode: 0o400 });
  for (const file of readdirSync(dir, { recursive: true, encoding: "utf8" })) chownSync(join(dir, file), USER, USER);
  chmodSync(dir, 0o500);
  return dir;
}

/** The deposit is the ledger's first entry; the second is a fill that the validators have certified. */
async function hasBooked(brokers: readonly string[]): Promise<boolean> {
  const [ends = []] = await topicEnds({ brokers, clientId: "try" }, ["ledger.entries.v1"]);
  return ends.reduce((sum, { low, high }) => sum + high - low, 0n) > 1n;
}

async function answers(spec: ClusterSpec, name: string, path: string): Promise<boolean> {
  return fetch(`http://${spec.health[name]}${path}`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
