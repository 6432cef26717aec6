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
const JAVA_LEAST = 17; // Kafka 4's brokers (KIP-1013)

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
  const java = await javaProgram();
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "countersign");
  const libs = join(cache, `kafka-${version}`);
  if (!existsSync(libs)) await fetchLibraries(version, libs);
  return { version, java, libs, archive: `${libs}.jsa` };
}

async function javaProgram(): Promise<string> {
  const home = process.env.JAVA_HOME;
  const java = home === undefined ? "java" : join(home, "bin", "java");
  if (await isJavaEnough(java)) return java;
  if (home !== undefined)
    throw new EngineError(
      "PROGRAM_MISSING",
      `JAVA_HOME (${home}) is no Java ${JAVA_LEAST} or later: correct or unset it`,
    );
  await install(`Java ${JAVA_LEAST} or later`, ["openjdk-17-jre-headless"]);
  return java;
}

async function isJavaEnough(java: string): Promise<boolean> {
  const major = /version "(\d+)/.exec((await said(java, ["-version"])) ?? "")?.[1];
  return Number(major ?? 0) >= JAVA_LEAST;
}

async function fetchLibraries(version: string, libs: string): Promise<void> {
  if ((await said("mvn", ["-version"])) === undefined) await install("Maven", ["maven"]);
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
