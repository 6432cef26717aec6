import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, globSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const VERSION = "2.5.11.Final";
const MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1";
const READY_MS = 60_000;

export interface Apicurio {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Apicurio Registry with its Confluent-compatible API, in memory, on a free loopback port. Fetched once by Maven, and kept outside the
 * repository, in $XDG_CACHE_HOME/countersign. Throws when it cannot be had: Java 17, Maven and what it fetches are needed.
 */
export async function startApicurio(): Promise<Apicurio> {
  const program = await apicurioProgram();
  const port = await freePort();
  const env = { ...process.env, QUARKUS_HTTP_PORT: String(port), QUARKUS_HTTP_HOST: "127.0.0.1" };
  const java = process.env.JAVA_HOME === undefined ? "java" : join(process.env.JAVA_HOME, "bin", "java");
  const server = spawn(java, ["-Xmx384m", "-jar", program], { env, stdio: "ignore" });
  const kill = () => server.kill("SIGKILL");
  process.once("exit", kill);
  const stop = async () => {
    process.off("exit", kill);
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGTERM");
    await ended;
  };
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  try {
    await ready(url, server);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

async function apicurioProgram(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "countersign");
  const folder = join(cache, `apicurio-registry-${VERSION}`);
  if (!existsSync(folder)) await fetchTo(folder);
  const [program] = globSync("*-runner.jar", { cwd: folder });
  if (program === undefined) throw new Error(`${folder} holds no program: remove it, it is fetched again`);
  return join(folder, program);
}

async function fetchTo(folder: string): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  // Complete or not there at all, also when two runs fetch at once.
  const partial = `${folder}.${randomBytes(4).toString("hex")}`;
  const artifact = `-Dartifact=io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`;
  try {
    // There, because Maven writes beside whatever folder it is called in.
    mkdirSync(partial);
    const execute = (program: string, ...args: string[]) => promisify(execFile)(program, args, { cwd: partial });
    await execute("mvn", "-B", "-q", `${MAVEN_PLUGIN}:copy`, artifact, `-DoutputDirectory=${partial}`);
    await execute("tar", "-xzf", `apicurio-registry-app-${VERSION}-all.tar.gz`);
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

async function ready(url: string, server: ChildProcess): Promise<void> {
  let failure: Error | undefined;
  server.once("error", (error) => {
    failure = error;
  });
  for (const until = Date.now() + READY_MS; Date.now() < until; await sleep(200)) {
    if (failure !== undefined) throw failure;
    if (server.exitCode !== null) throw new Error(`Apicurio Registry ended with ${server.exitCode} while it started`);
    const response = await fetch(`${url}/subjects`).catch(() => undefined);
    if (response?.ok) return;
  }
  throw new Error(`Apicurio Registry did not answer within ${READY_MS / 1_000} s`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("broken invariant: a TCP server has a port");
  return address.port;
}
