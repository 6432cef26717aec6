/**
 * Who may reach whom, over what: authority.json and the canvases once more, in the words of brokers and networks. `npm run authority` writes
 * it into the chart, which makes ACLs, network policies and mesh policies from it and from nothing else.
 */
import { brokerTopics, callSpec } from "@countersign/contracts";
import type { Canvas, Slo } from "@countersign/runtime";
import { REPLICAS_MAX } from "./agents.ts";
import type { Authority, Right } from "./authority.ts";
import { VALIDATORS } from "./genesis.ts";

export interface Topology {
  readonly topics: readonly TopologyTopic[];
  readonly agents: Readonly<Record<string, TopologyAgent>>;
  /** The paper exchange: no agent and no key; its own API is for those who are named. */
  readonly exchange: Pick<TopologyAgent, "reads"> & { readonly callers: readonly string[] };
  /** Where a person's commands run. */
  readonly desk: Pick<TopologyAgent, "writes" | "reads" | "calls">;
}

export interface TopologyTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly retentionMs: number;
  /** Of a dead letter queue: whose. */
  readonly deadLettersOf?: { readonly topic: string; readonly agent: string };
}

interface TopologyAgent {
  readonly mission: string;
  readonly failover: string;
  readonly slos: readonly Slo[];
  /** Each an identity of its own: a key, a service account, a Kafka user. */
  readonly processes: readonly string[];
  readonly writes: readonly string[];
  readonly reads: readonly { readonly topic: string; readonly as: string }[];
  /** Of the consumer group whose members share the work; every other group of a process has a name that begins with the process' and a dot. */
  readonly group?: string;
  readonly calls: readonly TopologyCall[];
  readonly serves: readonly string[];
  /** More replicas than partitions of what they share would stand idle. */
  readonly replicasMax: number;
}

interface TopologyCall {
  readonly to: string;
  /** Service.Method. */
  readonly call: string;
  /** As gRPC writes it: `/countersign.v1.QuorumService/Read`. */
  readonly path: string;
}

/** Everybody's fence is fed by it. */
const CONTROL = { topic: "control.halt.v1", as: "every" };
const QUOTES = { topic: "market.quotes.v1", as: "every" };
const DEAD_LETTERS_MS = 30 * 86_400_000;

export function joinTopology(authority: Authority, canvases: readonly Canvas[]): Topology {
  const names = Object.keys(authority.agents);
  const queues = deadLetterQueues(authority);
  const servers = (call: string) => canvases.filter(({ serves }) => serves.includes(call)).map(({ agent }) => agent);
  const callsOf = (agent: string, says: readonly Right[]): TopologyCall[] =>
    says
      .filter(({ topic, type }) => callSpec(topic)?.request.type === type)
      .flatMap(({ topic: call }) =>
        servers(call)
          // Validators ask each other.
          .filter((to) => to !== agent || to === "validator")
          .sort()
          .map((to) => ({ to, call, path: pathOf(call) })),
      );
  const agents: Record<string, TopologyAgent> = {};
  for (const name of names) {
    const canvas = canvases.find(({ agent }) => agent === name);
    const granted = authority.agents[name];
    if (canvas === undefined || granted === undefined) throw new Error(`broken invariant: ${name} has no canvas`);
    const processes = name === "validator" ? [...VALIDATORS] : [name];
    const reads = withControl(granted.reads);
    agents[name] = {
      mission: canvas.mission,
      failover: canvas.failover,
      slos: canvas.slos,
      processes,
      writes: [
        ...topicsSaid(granted.says),
        ...queues.filter(({ agent }) => agent === name).map(({ queue }) => queue),
      ].sort(),
      reads,
      ...(reads.some(({ as }) => as === "group") && { group: name }),
      calls: callsOf(name, granted.says),
      serves: [...canvas.serves].sort(),
      replicasMax: Math.min(REPLICAS_MAX[name] ?? 1, partitionsOf(granted.reads)),
    };
  }
  const approver = authority.roles.approver ?? [];
  const queued = queues.map(({ topic }) => topic);
  const dead = queues.map(({ queue }) => queue);
  const all = [...brokerTopics().map(({ topic }) => topic), ...dead];
  return {
    topics: clusterTopics(authority),
    agents,
    exchange: { reads: [CONTROL, QUOTES], callers: ["execution", "validator"] },
    desk: {
      // A letter goes back to where it came from, and is marked in its queue.
      writes: [...new Set([...topicsSaid(approver), ...queued, ...dead])].sort(),
      reads: all.sort().map((topic) => ({ topic, as: "every" })),
      calls: callsOf("desk", approver),
    },
  };
}

/** Every topic of the catalogue, and a dead letter queue for each reader of each. */
export function clusterTopics(authority: Authority): readonly TopologyTopic[] {
  const queues = deadLetterQueues(authority).map(({ queue, topic, agent }) => ({
    topic: queue,
    partitions: 1,
    retentionMs: DEAD_LETTERS_MS,
    deadLettersOf: { topic, agent },
  }));
  return [...brokerTopics(), ...queues];
}

/** Validators keep none: what is not authentic is no quote to them, and the agents put it on record. */
function deadLetterQueues({ agents }: Authority) {
  return Object.entries(agents)
    .filter(([agent]) => agent !== "validator")
    .flatMap(([agent, { reads }]) => reads.map(({ topic }) => ({ queue: `${topic}.${agent}.dlq`, topic, agent })));
}

function withControl(reads: TopologyAgent["reads"]): TopologyAgent["reads"] {
  return reads.some(({ topic }) => topic === CONTROL.topic) ? reads : [...reads, CONTROL];
}

function topicsSaid(says: readonly Right[]): string[] {
  const topics = new Set(brokerTopics().map(({ topic }) => topic));
  return [...new Set(says.map(({ topic }) => topic))].filter((topic) => topics.has(topic));
}

/** Of what its replicas share. A log of one partition is folded by whichever of them has it: it bounds nobody. */
function partitionsOf(reads: TopologyAgent["reads"]): number {
  const shared = brokerTopics().filter(({ topic }) =>
    reads.some((read) => read.topic === topic && read.as === "group"),
  );
  return Math.min(...shared.map(({ partitions }) => partitions).filter((count) => count > 1));
}

function pathOf(call: string): string {
  const [service, method] = call.split(".");
  return `/countersign.v1.${service}/${method}`;
}
