/**
 * What a process shows to the others and to its engines: PEM files of its folder, each set whole or not at all. Without a set it speaks in
 * the clear, as on a laptop.
 *
 *   tls/     ca.crt tls.crt tls.key     gRPC, both ways
 *   kafka/   ca.crt user.crt user.key   as Strimzi writes them for a user
 *   etcd/    ca.crt tls.crt tls.key
 *   redis/   ca.crt                     for rediss://; without it the authorities that Node knows
 *
 * PostgreSQL has its own in its URL: `?sslmode=verify-full&sslrootcert=FILE`.
 */
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import type { KafkaAddress } from "@countersign/bus/kafka";
import type { TlsOptions } from "@countersign/grpc";
import type { EtcdAddress } from "@countersign/quorum";
import { InputError } from "../inputs.ts";
import type { ClusterSpec } from "./cluster.ts";

/** Folders whose files a process reads once. */
export const CREDENTIALS = ["tls", "kafka", "etcd", "redis"] as const;

/** @throws InputError where a part of it is missing */
export function grpcTls(dir: string): TlsOptions | undefined {
  const found = filesOf(dir, "tls", ["ca.crt", "tls.crt", "tls.key"]);
  return found && { ca: found[0]!, cert: found[1]!, key: found[2]! };
}

/** @throws InputError where a part of it is missing */
export function kafkaOf(dir: string, { kafka }: Pick<ClusterSpec, "kafka">): KafkaAddress {
  const found = filesOf(dir, "kafka", ["ca.crt", "user.crt", "user.key"]);
  return { brokers: kafka, ...(found && { tls: { ca: found[0]!, cert: found[1]!, key: found[2]! } }) };
}

/** @throws InputError where a part of it is missing */
export function etcdOf(dir: string, endpoints: readonly string[]): EtcdAddress {
  const found = filesOf(dir, "etcd", ["ca.crt", "tls.crt", "tls.key"]);
  if (found === undefined) return { endpoints };
  const number = endpoints.find((endpoint) => isIP(endpoint.replace(/:\d+$/, "").replaceAll(/[[\]]/g, "")) !== 0);
  // gRPC for Node compares names with certificates, and no numbers.
  if (number !== undefined)
    throw new InputError("BAD_OPTION", `cluster.json: etcd: ${number} is no name: with TLS give each member's name`);
  return { endpoints, tls: { ca: found[0]!, cert: found[1]!, key: found[2]! } };
}

export function redisCa(dir: string): Uint8Array | undefined {
  return filesOf(dir, "redis", ["ca.crt"])?.[0];
}

function filesOf(dir: string, set: string, names: readonly string[]): readonly Uint8Array[] | undefined {
  const paths = names.map((name) => join(dir, set, name));
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length === paths.length) return undefined;
  const [first] = missing;
  if (first === undefined) return paths.map((path) => readFileSync(path));
  const others = names.filter((name) => !missing.includes(join(dir, set, name))).join(", ");
  throw new InputError(
    "NO_SUCH_FILE",
    `${first}: missing, and ${others} is there: give all of ${names.join(", ")}, or none`,
  );
}
