/**
 * The edges that authority.json has, worked out once more, and not as platform/src/topology.ts does: what the chart's policies are held
 * against. Each is a line, such as `portfolio → policy /countersign.v1.PolicyService/Validate`.
 */
import { callSpec, topics } from "@countersign/contracts";
import type { Canvas } from "@countersign/runtime";
import type { Authority, Right } from "../../../platform/src/authority.ts";
import { COMPARED } from "../../../platform/src/canary.ts";

export interface Edges {
  /** `caller → server path`. */
  readonly calls: ReadonlySet<string>;
  /** `user may operation type/pattern name`. */
  readonly acls: ReadonlySet<string>;
  /** `trader → paper-exchange`. */
  readonly trades: ReadonlySet<string>;
  /** `process → engine`: the bus, what is remembered, what is shared, and the certified logs. */
  readonly engines: ReadonlySet<string>;
}

export interface Circumstances {
  readonly mode: "paper" | "shadow";
  /** The next version of Signal runs beside the one that trades. */
  readonly signalCanary?: boolean;
  /** Agents whose replicas KEDA counts by what waits for their group. */
  readonly scaled?: readonly string[];
}

const CONTROL = "control.halt.v1";
const QUOTES = "market.quotes.v1";

export function edgesOf(
  authority: Authority,
  canvases: readonly Canvas[],
  { mode, signalCanary = false, scaled = [] }: Circumstances,
): Edges {
  const calls = new Set<string>();
  const acls = new Set<string>();
  const trades = new Set<string>();
  const engines = new Set<string>();
  const onBus = new Set(topics.map(({ topic }) => topic).filter((topic) => !isCall(topic)));
  const letters: { readonly topic: string; readonly queue: string }[] = [];

  const call = (caller: string, says: readonly Right[]) => {
    for (const { topic: name, type } of says) {
      if (!isCall(name) || isAnswer(name, type)) continue;
      const path = `/countersign.v1.${name.replace(".", "/")}`;
      for (const { agent, serves } of canvases) {
        const toItself = agent === agentOf(caller) && agent !== "validator";
        if (!serves.includes(name) || toItself) continue;
        for (const server of processesOf(agent)) calls.add(`${caller} → ${server} ${path}`);
      }
    }
  };
  const may = (user: string, type: string, name: string, operations: readonly string[], pattern = "literal") => {
    for (const operation of operations) acls.add(`${user} may ${operation} ${type}/${pattern} ${name}`);
  };
  const read = (user: string, topic: string) => may(user, "topic", topic, ["Describe", "Read"]);
  const write = (user: string, topic: string) => may(user, "topic", topic, ["Describe", "Write"]);
  const ownGroups = (user: string) => may(user, "group", `${user}.`, ["Describe", "Read"], "prefix");

  for (const [agent, { says, reads }] of Object.entries(authority.agents)) {
    // Validators put no letter aside: what is not authentic is none of theirs.
    const queues = agent === "validator" ? [] : reads.map(({ topic }) => ({ topic, queue: `${topic}.${agent}.dlq` }));
    letters.push(...queues);
    for (const process of processesOf(agent)) {
      call(process, says);
      for (const { topic } of says) if (!isCall(topic)) write(process, topic);
      for (const { queue } of queues) write(process, queue);
      // Everybody's fence is fed by the control log.
      for (const topic of [...reads.map((one) => one.topic), CONTROL]) read(process, topic);
      if (reads.some(({ as }) => as === "group")) may(process, "group", agent, ["Describe", "Read"]);
      ownGroups(process);
      for (const engine of ["kafka", "postgres", "redis"]) engines.add(`${process} → ${engine}`);
      if (agent === "validator") engines.add(`${process} → etcd`);
      if (mode === "paper" && ["execution", "validator"].includes(agent)) trades.add(`${process} → paper-exchange`);
    }
  }

  if (mode === "paper") {
    for (const topic of [CONTROL, QUOTES]) read("paper-exchange", topic);
    ownGroups("paper-exchange");
    engines.add("paper-exchange → kafka");
  }

  if (signalCanary) {
    const { reads } = authority.agents.signal!;
    for (const topic of [...reads.map((one) => one.topic), CONTROL, COMPARED]) read("signal-canary", topic);
    ownGroups("signal-canary");
    engines.add("signal-canary → kafka");
  }

  for (const agent of scaled) {
    may("scaler", "group", agent, ["Describe"]);
    for (const { topic, as } of authority.agents[agent]!.reads)
      if (as === "group") may("scaler", "topic", topic, ["Describe"]);
  }

  const approver = authority.roles.approver ?? [];
  call("desk", approver);
  call(
    "found",
    approver.filter(({ topic }) => topic.startsWith("QuorumService.")),
  );
  const all = [...onBus, ...letters.map(({ queue }) => queue)];
  for (const topic of all) {
    read("desk", topic);
    may("desk", "topic", topic, ["DescribeConfigs"]);
  }
  for (const { topic } of approver) if (!isCall(topic)) write("desk", topic);
  // A letter goes back to where it came from, and is marked in its queue.
  for (const { topic, queue } of letters) for (const one of [topic, queue]) write("desk", one);
  ownGroups("desk");
  engines.add("desk → kafka");
  may("desk", "cluster", "", ["DescribeConfigs"]);
  for (const [agent, { reads }] of Object.entries(authority.agents))
    if (reads.some(({ as }) => as === "group"))
      for (const group of [agent, `${agent}.patient`]) may("desk", "group", group, ["Describe"]);
  return { calls, acls, trades, engines };
}

function isCall(topic: string): boolean {
  return /^[A-Z]\w*\.\w+$/.test(topic);
}

function isAnswer(call: string, type: string): boolean {
  return callSpec(call)?.answers.some((answer) => answer.type === type) ?? false;
}

function processesOf(agent: string): readonly string[] {
  return agent === "validator" ? ["validator-1", "validator-2", "validator-3"] : [agent];
}

function agentOf(process: string): string {
  return process.replace(/-[0-9]$/, "");
}
