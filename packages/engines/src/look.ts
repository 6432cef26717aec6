/** What of an engine is on this machine: looks, and neither installs nor fetches anything. */
import { existsSync } from "node:fs";
import { ETCD_PACKAGE } from "./etcd.ts";
import { isInstalling, said } from "./install.ts";
import { findJava, JAVA_LEAST, JAVA_PACKAGE, kafkaVersion, librariesOf, MAVEN_PACKAGE } from "./kafka-program.ts";
import { REDIS_PACKAGE } from "./redis.ts";

export interface EnginePart {
  /** Such as "Java". */
  readonly name: string;
  readonly verdict: "ok" | "missing" | "wrong";
  readonly says: string;
  /** A command to copy; undefined where nothing is wrong. */
  readonly cure?: string;
}

/** The parts of an engine that is started here, not of one that is given by address. PostgreSQL comes with the dependencies. */
export async function partsOf(engine: "etcd" | "kafka" | "redis"): Promise<readonly EnginePart[]> {
  if (engine === "etcd") return [await etcdPart()];
  if (engine === "redis") return [await redisPart()];
  const libraries = librariesPart();
  // Maven is needed to fetch, and for nothing else.
  return [await javaPart(), libraries, ...(libraries.verdict === "ok" ? [] : [await mavenPart()])];
}

async function javaPart(): Promise<EnginePart> {
  const name = "Java";
  const { command, major } = await findJava();
  if (major !== undefined && major >= JAVA_LEAST) return { name, verdict: "ok", says: `${major} (${command})` };
  const home = process.env.JAVA_HOME;
  const found = major === undefined ? `no ${command} runs here` : `${command} is Java ${major}`;
  const says = `${found}; Kafka needs ${JAVA_LEAST} or later`;
  const verdict = major === undefined ? "missing" : "wrong";
  return { name, verdict, says, cure: home === undefined ? apt(JAVA_PACKAGE) : "unset JAVA_HOME" };
}

function librariesPart(): EnginePart {
  const name = "Kafka";
  const version = kafkaVersion();
  const libs = librariesOf(version);
  if (existsSync(libs)) return { name, verdict: "ok", says: `${version} in ${libs}` };
  const says = `${version} is not in ${libs} yet: the first \`./countersign up\` fetches it with Maven, about 45 MB`;
  return { name, verdict: "missing", says, cure: "./countersign up" };
}

async function mavenPart(): Promise<EnginePart> {
  const name = "Maven";
  const version = /Apache Maven (\S+)/.exec((await said("mvn", ["-version"])) ?? "")?.[1];
  if (version !== undefined) return { name, verdict: "ok", says: version };
  return { name, verdict: "missing", says: "mvn is not installed; it fetches Kafka, once", cure: apt(MAVEN_PACKAGE) };
}

async function etcdPart(): Promise<EnginePart> {
  const name = "etcd";
  const version = /etcd Version: (\S+)/.exec((await said("etcd", ["--version"])) ?? "")?.[1];
  if (version !== undefined) return { name, verdict: "ok", says: version };
  return { name, verdict: "missing", says: "etcd is not installed", cure: apt(ETCD_PACKAGE) };
}

async function redisPart(): Promise<EnginePart> {
  const name = "Redis";
  const version = /v=(\S+)/.exec((await said("redis-server", ["--version"])) ?? "")?.[1];
  if (version !== undefined) return { name, verdict: "ok", says: version };
  return {
    name,
    verdict: "missing",
    says: "redis-server is not installed",
    cure: `${sudo()}apt-get install -y ${REDIS_PACKAGE}`,
  };
}

/** What `up` installs by itself where it can. */
function apt(name: string): string {
  const command = `${sudo()}apt-get install -y ${name}`;
  return isInstalling() ? `${command} (or leave it to \`./countersign up\`)` : command;
}

function sudo(): string {
  return process.getuid?.() === 0 ? "" : "sudo ";
}
