/** What is missing on this machine, or in this cluster, each with its cure. It looks, tries in folders of its own, and changes nothing. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ClusterSpec, postgresUrl, readSpec } from "./cluster.ts";
import { etcdOf, kafkaOf } from "./credentials.ts";
import { brokers } from "./doctor/brokers.ts";
import { database } from "./doctor/database.ts";
import { askEtcd, askKafka, askPostgres, engines } from "./doctor/engines.ts";
import { bad, type Finding } from "./doctor/finding.ts";
import { folder } from "./doctor/folder.ts";
import { machine } from "./doctor/machine.ts";
import { running } from "./doctor/running.ts";
import { readRunRecord } from "./run-record.ts";

export interface DoctorOptions {
  /** A cluster's folder, or where one would be. */
  readonly dir: string;
  /** Whether there must be one. */
  readonly isNamed: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** In order, each as soon as it is known. */
export async function* examine({ dir, isNamed, env }: DoctorOptions): AsyncGenerator<Finding> {
  const record = readRunRecord(dir);
  const isRunning = record !== undefined;
  for (const finding of machine({ dir, isRunning })) yield await finding;
  yield* engines(env, isRunning);
  if (isNamed || existsSync(join(dir, "cluster.json"))) yield* cluster(dir, record);
}

async function* cluster(dir: string, record: ReturnType<typeof readRunRecord>): AsyncGenerator<Finding> {
  const spec = described(dir);
  if (spec === undefined) {
    yield bad("cluster", "missing", `${join(dir, "cluster.json")} describes none`, `./countersign up --dir ${dir}`);
    return;
  }
  yield* folder(dir, spec);
  yield* running(dir, spec, record);
  const cure = record === undefined ? `./countersign up --dir ${dir}` : `tail ${dir}/postgres/postgres.log`;
  const postgres = postgresUrl(dir);
  let answers = false;
  for await (const finding of askPostgres(postgres, cure)) {
    answers ||= finding.verdict === "ok";
    yield finding;
  }
  if (answers) yield* database(postgres);
  const again = (logs: string) =>
    record === undefined ? cure : `end \`up\` with Ctrl-C and start it again (why: ${dir}/${logs})`;
  if (spec.etcd !== undefined) yield await askEtcd(etcdOf(dir, spec.etcd), again("etcd/node-*/etcd.log"));
  const kafka = await askKafka(kafkaOf(dir, spec), again("kafka/node-*/kafka.log"));
  yield kafka;
  if (kafka.verdict !== "missing") yield* brokers(kafkaOf(dir, spec), dir);
}

function described(dir: string): ClusterSpec | undefined {
  try {
    return readSpec(dir);
  } catch {
    return undefined;
  }
}
