/** A running cluster as it is now: what it says of itself, and what its own certified log says. */
import { BusError } from "@countersign/bus";
import type { KafkaAddress } from "@countersign/bus/kafka";
import { describeBrokers } from "@countersign/bus/kafka/look";
import { openPool, PostgresError } from "@countersign/postgres";
import { type EtcdAddress, etcdMembers } from "@countersign/quorum";
import { type ClusterSpec, hasDatabase, postgresUrl, readSpec } from "./cluster.ts";
import { readControlLog } from "./control-log.ts";
import { etcdOf, kafkaOf } from "./credentials.ts";
import { type Answer, ask, largest, metricsOf } from "./health-page.ts";
import { type ProcessState, type RunRecord, readRunRecord } from "./run-record.ts";

export interface ClusterStatus {
  readonly platform: string;
  readonly account: string;
  /** Who runs it on this machine; undefined of a cluster whose processes are elsewhere, such as in pods. */
  readonly supervisor: RunRecord["supervisor"] | undefined;
  readonly postgres: { readonly ok: boolean; readonly says: string };
  readonly kafka: { readonly ok: boolean; readonly says: string };
  /** Where the certified logs are. */
  readonly log: { readonly ok: boolean; readonly says: string };
  /** Undefined where the topic could not be read. */
  readonly control: ControlStatus | undefined;
  readonly processes: readonly ProcessStatus[];
}

interface ControlStatus {
  readonly epoch: number;
  readonly seq: number;
  /** Those in force; `birth` until the first opening of trading. */
  readonly halts: readonly { readonly id: string; readonly scope: string }[];
}

export interface ProcessStatus extends ProcessState {
  readonly live: Answer;
  readonly ready: Answer;
  /** Of its own metrics; undefined where it serves none. */
  readonly fenceAgeS: number | undefined;
  readonly outboxAgeS: number | undefined;
  readonly lagS: number | undefined;
}

const TIMEOUT_MS = 2_000;

/** Undefined when nobody runs this cluster. @throws InputError where the folder describes none */
export async function clusterStatus(dir: string): Promise<ClusterStatus | undefined> {
  const spec = readSpec(dir);
  const record = readRunRecord(dir);
  const states = record?.processes ?? statesElsewhere(spec);
  if (states.length === 0) return undefined;
  const [postgres, kafka, log, control, processes] = await Promise.all([
    hasDatabase(dir) ? postgresOf(postgresUrl(dir)) : UNASKED,
    sayKafka(kafkaOf(dir, spec)),
    record === undefined ? UNASKED : logOf(spec.etcd && etcdOf(dir, spec.etcd)),
    controlOf(kafkaOf(dir, spec), spec),
    Promise.all(states.map((state) => processOf(state, spec.health[state.name]))),
  ]);
  const { platform, account } = spec;
  return { platform, account, supervisor: record?.supervisor, postgres, kafka, log, control, processes };
}

/** None where every address is this machine's own: then nobody runs it. */
function statesElsewhere({ health }: ClusterSpec): readonly ProcessState[] {
  const isHere = (address: string) => address.startsWith("127.");
  const names = Object.keys(health).filter((name) => !isHere(health[name] ?? ""));
  return names.map((name) => ({ name, pid: undefined, since: undefined, restarts: 0, lastEnd: undefined }));
}

/** What only those can reach who use it. */
const UNASKED = { ok: true, says: "not asked from here: see who is ready below" };

async function processOf(state: ProcessState, address: string | undefined): Promise<ProcessStatus> {
  const nobody: Answer = { ok: false, why: "it has no address", heard: false };
  const isDown = state.pid === undefined && address?.startsWith("127.");
  if (address === undefined || isDown) {
    const silent = { live: nobody, ready: nobody };
    return { ...state, ...silent, fenceAgeS: undefined, outboxAgeS: undefined, lagS: undefined };
  }
  const [live, ready, metrics = new Map<string, number>()] = await Promise.all([
    ask(address, "/healthz", TIMEOUT_MS),
    ask(address, "/readyz", TIMEOUT_MS),
    metricsOf(address, TIMEOUT_MS),
  ]);
  return {
    ...state,
    live,
    ready,
    fenceAgeS: largest(metrics, "countersign_fence_age_seconds"),
    outboxAgeS: largest(metrics, "countersign_outbox_age_seconds"),
    lagS: largest(metrics, "countersign_lag_seconds"),
  };
}

async function postgresOf(url: string) {
  try {
    await using pool = openPool(url, { max: 1, applicationName: "countersign status" });
    await pool.query("select 1");
    return { ok: true, says: `answers at ${new URL(url).host}` };
  } catch (error) {
    if (!(error instanceof PostgresError)) throw error;
    return { ok: false, says: error.message };
  }
}

async function sayKafka(kafka: KafkaAddress) {
  try {
    const { up } = await describeBrokers({ ...kafka, clientId: "countersign-status" });
    const away = kafka.brokers.length - up.length;
    return { ok: away <= 0, says: `${up.length} brokers up${away > 0 ? `, ${away} away` : ""}: ${up.join(", ")}` };
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    return { ok: false, says: error.message };
  }
}

async function logOf(etcd: EtcdAddress | undefined) {
  if (etcd === undefined) return { ok: true, says: "in PostgreSQL: tolerates no fault" };
  const members = await etcdMembers(etcd);
  const up = members.filter(({ version }) => version !== undefined);
  const hasLeader = up.some(({ isLeader }) => isLeader);
  const away = members.length - up.length;
  const says = `etcd, ${up.length} members up${away > 0 ? `, ${away} away` : ""}${hasLeader ? "" : ", no leader"}`;
  return { ok: hasLeader && away === 0, says };
}

async function controlOf(...log: Parameters<typeof readControlLog>): Promise<ControlStatus | undefined> {
  try {
    const { epoch, halts, head } = (await readControlLog(...log)).state();
    return {
      epoch: Number(epoch),
      seq: Number(head.seq),
      halts: halts.map(({ id, scope }) => ({ id, scope: scope.kind === "all" ? "all" : `${scope.kind}:${scope.id}` })),
    };
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    return undefined;
  }
}
