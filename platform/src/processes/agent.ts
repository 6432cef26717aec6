/** One deciding agent as a process: the same seat as embedded, on a host that folds together what waits. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create, fromBinary } from "@bufbuild/protobuf";
import type { Cosigners } from "@countersign/agent-compliance";
import type { Watch } from "@countersign/agent-operator";
import { topicEnds } from "@countersign/bus/kafka/look";
import { HeartbeatSchema, type Signed, SignedSchema } from "@countersign/contracts";
import { parseInstruments, parseMoney } from "@countersign/orders";
import { claimWriter, type Edge, Host, type PublishEffect } from "@countersign/runtime";
import {
  type AgentName,
  type AgentsConfig,
  type Exchange,
  makeAgent,
  modes,
  operatorSeat,
  REPLICAS_MAX,
  type Seat,
  type Surroundings,
} from "../agents.ts";
import { cloneFile, clusterFile, loadLimits, loadStrategy } from "../inputs.ts";
import { isAway } from "./away.ts";
import { type ClusterSpec, type Secrets, venueOf } from "./cluster.ts";
import { kafkaOf } from "./credentials.ts";
import { underLease } from "./lease.ts";
import type { Observed } from "./observe.ts";
import { OrderTraces } from "./order-traces.ts";
import { insist, type Process } from "./process.ts";
import { watchState } from "./state-watch.ts";
import { traceRequests } from "./venue-trace.ts";

const TICK_MS = 1_000;

export async function runAgent(name: AgentName, own: Process): Promise<{ close(): Promise<void> }> {
  const leased = underLease(own.fence);
  const { signers, fence, loop, bus, rpc, signer, onBroken, observed, log } = own;
  const opened = await own.openStore();
  // The venue cannot know which of two Executions is the one.
  const writer = name === "execution" ? await insist(() => claimWriter(opened, { onFenced: onBroken })) : undefined;
  const store = writer?.store ?? opened;
  const around: Surroundings = {
    mode: own.spec.mode,
    signers,
    keys: fence.keys,
    fence: () => leased.state(),
    fenceFresh: () => fence.isFresh(performance.now()),
    mayWrite: () => writer?.mayWrite() === true,
    nowMs: () => loop.nowMs(),
    session: randomUUID(),
    // Nobody else holds the venue's key.
    ...(writer && { exchange: exchangeOf(own.spec, { ...own, ...writer, dataDir: own.place.dataDir }) }),
  };
  const { agent: decider, edge, line, reconciliation, watched, cosigners } = await seatOf(name, own, around);
  const { hot } = own;
  const agent = name === "policy" && hot !== undefined ? { ...decider, view: hot.marking(decider.view) } : decider;
  if (name === "signal") hot?.describing(bus);
  await own.genesis();
  const orders = new OrderTraces();
  const host = new Host({
    agent,
    edge: orders.around(edge),
    fold: "together",
    alone: (own.spec.replicas?.[name] ?? 1) === 1,
    signer,
    keys: fence.keys,
    mode: modes[own.spec.mode],
    store,
    bus,
    rpc,
    fence: leased,
    loop,
    onBroken,
    onAlert(_, code, text, cause) {
      observed.metrics.alerted(code);
      observed.logOf(cause, `alert ${code}: ${text}`);
    },
    probe: observed.probe,
    resumes: true,
    ...(hot && { limit: hot.limit }),
  });
  const isOpened = () => !fence.state().halts.some(({ id }) => id === "birth");
  // Before the day the market only warms up the views.
  if (!isOpened()) {
    host.sleep();
    fence.onChange(() => {
      if (isOpened()) host.wake();
    });
  }
  // What the venue says comes once: it is put before the agent until the store has it.
  line?.open((report) => insist(() => host.report(orders.place(report))), onBroken);
  observed.metrics.watch({ outboxAgeSeconds: () => host.outboxAgeSeconds, ...(reconciliation && { reconciliation }) });
  if (watched !== undefined) watchState(own, store, watched);
  const untrace = traceRequests(observed.probe);
  await host.start();
  void countDeadLetters(
    own,
    agent.canvas.observes.map(({ topic }) => `${topic}.${name}.dlq`),
  );
  own.server.setServing(true);
  loop.every(TICK_MS, () => host.tick());
  beat(own, () => host.say(heartbeat(own)));
  const cosigning = cosigners?.({
    store,
    rpc,
    say: (effect) => host.say(effect),
    onRefused(validator, code, text) {
      observed.metrics.alerted(`COSIGNATURE_${code}`);
      log(`alert COSIGNATURE_${code}: ${validator}: ${text}`);
    },
  });
  if (cosigning !== undefined) gatherEverySecond(own, cosigning);
  own.ready(() => line?.whyNot());
  return {
    async close() {
      untrace();
      await host.close();
      line?.close();
      await writer?.close();
    },
  };
}

/** What lies in its queues from before; what is put there from now on the bus counts itself. Unknown where the broker does not say. */
async function countDeadLetters({ dir, spec, bus }: Process, dlqs: readonly string[]): Promise<void> {
  const found = await topicEnds({ ...kafkaOf(dir, spec), clientId: `${spec.platform}-dlq` }, dlqs).catch(() => []);
  for (const [n, dlq] of dlqs.entries()) {
    const ends = found[n];
    if (ends === undefined || bus.dead.has(dlq)) continue;
    bus.foundDead(dlq, Number(ends.reduce((sum, { low, high }) => sum + high - low, 0n)));
  }
}

/** Says that it lives, each second; one that cannot be said is followed by the next. */
export function beat({ loop }: Process, say: () => Promise<void>): void {
  loop.every(TICK_MS, () =>
    say().catch((error: unknown) => {
      if (!isAway(error)) throw error;
    }),
  );
}

/** Beside what the loop does: no record waits for a validator that does not answer. */
function gatherEverySecond({ loop, observed }: Process, cosigners: Cosigners): void {
  let wholeMs = performance.now();
  observed.metrics.watch({ uncosignedSeconds: () => (performance.now() - wholeMs) / 1_000 });
  const gather = async () => {
    await cosigners.gather();
    if (cosigners.behind <= 0) wholeMs = performance.now();
    loop.at(loop.nowMs() + TICK_MS, () => loop.spawn(gather));
  };
  loop.spawn(gather);
}

/** That it is ready, how far its fence has read the control log, and how far it is behind its work. */
export function heartbeat({ name: agent, fence, observed }: Process): PublishEffect {
  const lagMs = BigInt(Math.round(observed.metrics.lagSeconds() * 1_000));
  const payload = create(HeartbeatSchema, { agent, ready: true, controlSeq: fence.state().head.seq, lagMs });
  const topic = "agents.heartbeat.v1";
  return { kind: "publish", topic, key: agent, type: "agent.heartbeat", payload, intent: "READY" };
}

async function seatOf(name: AgentName, own: Process, around: Surroundings): Promise<Seat> {
  const { spec, dir, observed } = own;
  // The person's word was given when the cluster was founded: no process holds the person's key.
  if (name === "operator")
    return operatorSeat(openingsOf(spec), { watch: watchOf(spec), edge: countOutages(observed) });
  return makeAgent(name, await configOf(spec, dir), around);
}

/** Whom the Operator watches, and without whom it closes trading: nobody unless the cluster's settings say so. */
export function watchOf({ settings }: Pick<ClusterSpec, "settings">): Watch {
  const { closesWithout = [], closesAfterMs = CLOSES_AFTER_MS } = settings.operator ?? {};
  const stops = ["policy", "execution"];
  return { silentAfterMs: SILENT_AFTER_MS, closesWithout, closesAfterMs, stops, replicasMax: REPLICAS_MAX };
}

/** Five heartbeats. */
const SILENT_AFTER_MS = 5_000;
/** A process that is started again is back within it. */
const CLOSES_AFTER_MS = 30_000;

function countOutages({ metrics }: Observed): Edge {
  return {
    act(_, data) {
      const { agent, seconds } = data as { readonly agent: string; readonly seconds: number };
      metrics.recovered(agent, seconds);
      return [];
    },
  };
}

export function openingsOf({ openings }: ClusterSpec): readonly Signed[] {
  return openings.map((one) => fromBinary(SignedSchema, Buffer.from(one, "base64")));
}

interface ExchangeFacts {
  readonly dataDir: string;
  readonly secrets: () => Pick<Secrets, "venueKey">;
  readonly earlierForMs: number;
  readonly log: (line: string) => void;
}

/** Where Execution trades. */
export function exchangeOf(spec: ClusterSpec, { dataDir, secrets, earlierForMs, log }: ExchangeFacts): Exchange {
  if (spec.mode === "shadow") return { kind: "shadow", dir: join(dataDir, "exchange"), note: log };
  const { address } = venueOf(spec, secrets());
  const apiKey = () => venueOf(spec, secrets()).apiKey;
  return { kind: "network", url: `http://${address}`, apiKey, earlierForMs };
}

/** What a user chose, as the agents take it. */
export async function configOf(spec: ClusterSpec, dir: string): Promise<AgentsConfig> {
  const { account, person, traded, hedge, settings, currency, platform } = spec;
  const strategies = [];
  for (const path of spec.strategies) strategies.push(await loadStrategy(clusterFile(path)));
  return {
    seed: platform,
    account,
    person,
    instruments: instruments(),
    traded,
    hedgeSymbol: hedge ?? undefined,
    strategies: strategies.map(({ id, strategy }) => ({ id, strategy })),
    limits: loadLimits(join(dir, spec.limits)),
    ceiling: { notional: parseMoney(settings.ceiling.notional, currency, 2), persons: settings.ceiling.persons },
    portfolio: settings.portfolio,
    hedge: settings.hedge,
    venueLatencyMs: settings.venueLatencyMs,
  };
}

/** Outside replay every symbol has a row. */
export function instruments() {
  return parseInstruments(JSON.parse(readFileSync(cloneFile("markets/instruments.json"), "utf8")));
}
