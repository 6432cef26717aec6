import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { EngineError } from "./errors.ts";
import { install, said } from "./install.ts";

const POM = fileURLToPath(new URL("../kafka/pom.xml", import.meta.url));
export const JAVA_LEAST = 17; // Kafka 4's brokers (KIP-1013)
export const JAVA_PACKAGE = "openjdk-17-jre-headless";
export const MAVEN_PACKAGE = "maven";

export interface KafkaProgram {
  readonly version: string;
  readonly java: string;
  /** Folder of the jars. */
  readonly libs: string;
  /** Where the shared archive of loaded classes belongs: it takes a third off the start. May not exist yet. */
  readonly archive: string;
}

/** The version of the POM, or another one that COUNTERSIGN_KAFKA_VERSION names. */
export function kafkaVersion(): string {
  const pinned = /<kafka\.version>([^<]+)</.exec(readFileSync(POM, "utf8"))?.[1];
  const version = process.env.COUNTERSIGN_KAFKA_VERSION ?? pinned;
  if (version === undefined) throw new Error("broken invariant: kafka/pom.xml names the version of Kafka");
  return version;
}

/**
 * Apache Kafka as its project publishes it: the jars are fetched once by Maven, from wherever this machine's Maven fetches, and kept
 * outside the repository, in $XDG_CACHE_HOME/countersign.
 * @throws EngineError PROGRAM_MISSING, LIBRARIES_MISSING
 */
export async function kafkaProgram(version = kafkaVersion()): Promise<KafkaProgram> {
  const java = await ensureJava();
  const libs = librariesOf(version);
  if (!existsSync(libs)) await fetchLibraries(version, libs);
  return { version, java, libs, archive: `${libs}.jsa` };
}

/** Where what is fetched once is kept. */
export function cacheDir(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "countersign");
}

/** The folder of Kafka's jars, whether it is there or not. */
export function librariesOf(version: string): string {
  return join(cacheDir(), `kafka-${version}`);
}

/** Which Java is meant, and its major version; undefined where there is none. */
export async function findJava(): Promise<{ readonly command: string; readonly major: number | undefined }> {
  const home = process.env.JAVA_HOME;
  const command = home === undefined ? "java" : join(home, "bin", "java");
  const major = /version "(\d+)/.exec((await said(command, ["-version"])) ?? "")?.[1];
  return { command, major: major === undefined ? undefined : Number(major) };
}

async function ensureJava(): Promise<string> {
  const { command, major } = await findJava();
  if (major !== undefined && major >= JAVA_LEAST) return command;
  const home = process.env.JAVA_HOME;
  if (home !== undefined)
    throw new EngineError(
      "PROGRAM_MISSING",
      `JAVA_HOME (${home}) is no Java ${JAVA_LEAST} or later: correct or unset it`,
    );
  await install(`Java ${JAVA_LEAST} or later`, [JAVA_PACKAGE]);
  return command;
}

async function fetchLibraries(version: string, libs: string): Promise<void> {
  if ((await said("mvn", ["-version"])) === undefined) await install("Maven", [MAVEN_PACKAGE]);
  mkdirSync(dirname(libs), { recursive: true });
  // Complete or not there at all, also when two runs fetch at once.
  const partial = `${libs}.${randomBytes(4).toString("hex")}`;
  const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${partial}`];
  try {
    await promisify(execFile)("mvn", ["-B", "-q", "-f", POM, `-Dkafka.version=${version}`, ...goal]);
    if (!existsSync(libs)) renameSync(partial, libs);
  } catch (cause) {
    const text = String((cause as { stdout?: string }).stdout ?? cause);
    const reason = text.split("\n").find((line) => line.includes("[ERROR]")) ?? text.trim().split("\n")[0];
    throw new EngineError(
      "LIBRARIES_MISSING",
      `Kafka ${version} could not be fetched (${reason}): see that \`mvn -f ${POM} dependency:copy-dependencies\` works here`,
      { cause },
    );
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
