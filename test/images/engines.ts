/** The development engines, from their image: each starts, answers and ends. */
import { randomBytes } from "node:crypto";
import { chownSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { topicEnds } from "@countersign/bus/kafka/look";
import { openPool } from "@countersign/postgres";
import { Container, ownFolder, USER } from "./podman.ts";

export interface Engines extends AsyncDisposable {
  readonly postgres: string;
  readonly redis: string;
  readonly kafka: readonly string[];
  readonly etcd: readonly string[];
  /** What each took until it answered, and what it holds. */
  readonly startedMs: ReadonlyMap<string, number>;
  readonly containers: readonly Container[];
}

const KAFKA = "127.0.0.1:9092";
const ETCD = "127.0.0.1:2379";

export async function startEngines(image: string): Promise<Engines> {
  const secret = ownFolder("secret");
  const password = randomBytes(12).toString("hex");
  writeFileSync(join(secret, "password"), `${password}\n`, { mode: 0o400 });
  chownSync(join(secret, "password"), USER, USER);
  const postgres = `postgres://countersign:${password}@127.0.0.1:5432/countersign`;
  const answers: Readonly<Record<string, () => Promise<boolean>>> = {
    kafka: async () => (await topicEnds({ brokers: [KAFKA], clientId: "try" }, [])).length === 0,
    postgres: async () => {
      await using pool = openPool(postgres, { max: 1, applicationName: "try" });
      return (await pool.query("select 1 as one")).rows.length === 1;
    },
    redis: () => saysPong(password),
    etcd: async () => (await (await fetch(`http://${ETCD}/health`)).text()).includes('"health":"true"'),
  };
  const advertised: Readonly<Record<string, string>> = { kafka: KAFKA, etcd: ETCD };
  const began = performance.now();
  const containers = Object.keys(answers).map((name) => {
    const address = advertised[name];
    return new Container(name, {
      image,
      args: [name],
      network: "host",
      memoryMb: name === "kafka" ? 768 : 256,
      mounts: { "/var/lib/engine": ownFolder(name) },
      readOnly: { "/etc/engine": secret },
      ...(address !== undefined && { env: { ENGINE_ADVERTISED: address } }),
    });
  });
  const startedMs = new Map<string, number>();
  const end = async () => {
    for (const container of containers) container.remove();
  };
  try {
    await Promise.all(
      Object.entries(answers).map(async ([name, ask]) => {
        await until(`${name} answers`, () => ask().catch(() => false));
        startedMs.set(name, performance.now() - began);
      }),
    );
  } catch (error) {
    for (const { name, log } of containers) console.error(`${name}:\n${log}`);
    await end();
    throw error;
  }
  const redis = `redis://:${password}@127.0.0.1:6379`;
  return { postgres, redis, kafka: [KAFKA], etcd: [ETCD], startedMs, containers, [Symbol.asyncDispose]: end };
}

export async function until(what: string, is: () => Promise<boolean>, withinMs = 120_000): Promise<void> {
  for (const end = performance.now() + withinMs; performance.now() < end; await wait(100)) if (await is()) return;
  throw new Error(`not within ${withinMs / 1_000} s: ${what}`);
}

function saysPong(password: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(6379, "127.0.0.1", () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    let said = "";
    socket.on("data", (chunk) => {
      said += chunk;
      if (said.includes("PONG") || said.includes("-")) {
        socket.destroy();
        resolve(said.includes("+PONG"));
      }
    });
    socket.once("error", reject);
  });
}
