/**
 * The whole platform in one process: this list is everything that starts.
 *
 * One scheduler runs it: the next quote is released when all that followed from the last one is done. The order below is the order in
 * which they see a quote: the fence before everybody, the venue (in Execution) before those who decide, Compliance last.
 */

import { create } from "@bufbuild/protobuf";
import type { ComplianceFigures } from "@countersign/agent-compliance";
import type { Release } from "@countersign/agent-market";
import { checkCeiling } from "@countersign/agent-policy";
import { type LedgerLine, makeValidator, type Validator } from "@countersign/agent-validator";
import { LocalBus } from "@countersign/bus";
import { HeartbeatSchema, KeyPurpose, Mode, type ProposeResponse, topics } from "@countersign/contracts";
import type { Signer } from "@countersign/envelope";
import type { Money } from "@countersign/orders";
import { FenceReader, genesisDigest, type QuorumLog } from "@countersign/quorum";
import { Host, LocalRpc, type PublishEffect, type Store, Teller } from "@countersign/runtime";
import { Scheduler } from "@countersign/time";
import { type AgentsConfig, makeAgents, type Seat } from "./agents.ts";
import { authority } from "./authority-file.ts";
import { Feed } from "./feed.ts";
import { genesisRequest, VALIDATORS } from "./genesis.ts";
import { ReplayKeys } from "./keys.ts";
import { followControl, followQuotes } from "./listeners.ts";
import { Person } from "./person.ts";

export interface EmbeddedOptions extends AgentsConfig {
  readonly deposit: Money;
  /** Time of the first event of the trace; keys count from here. */
  readonly startMs: number;
  readonly openStore: (name: string) => Promise<Store>;
  readonly log: QuorumLog;
  readonly onLedgerLine?: (line: LedgerLine) => void;
  readonly onAlert?: (agent: string, code: string, text: string) => void;
}

const PARTITIONS = 12;
/** Records; in processes it is done each second. */
const COSIGNED_EVERY = 256;
/** Agents that decide nothing: they only say that they are there. */
const SERVERS = ["market", "gateway"];

/** What of a host everybody may see. */
export type AnyHost = Pick<Host<unknown, unknown>, "name" | "counts" | "refusals" | "ready" | "say">;

export interface Embedded {
  readonly scheduler: Scheduler;
  readonly bus: LocalBus;
  readonly rpc: LocalRpc;
  readonly fence: FenceReader;
  readonly keys: ReplayKeys;
  readonly hosts: readonly AnyHost[];
  readonly validators: readonly Validator[];
  readonly stores: ReadonlyMap<string, Store>;
  readonly person: Person;
  /** In the chain of the person. */
  readonly personSays: (effect: PublishEffect) => Promise<void>;
  readonly feed: Feed;
  readonly figures: () => Promise<ComplianceFigures>;
  readonly recordTopics: readonly string[];
  /** An agent's envelope key, as a thief would have it: for the intruder of the demo and of P01. */
  readonly stolen: (agent: string) => Signer;
  /** Deposits, says that everybody is ready, and lets the Operator open trading. Until then the market only warms up the views. */
  begin(): Promise<void>;
  /** One event of the market as one step. */
  release(event: Release): Promise<void>;
  /** The validators cosign the audit log as it stands: at the end of the day, and on the way to it. */
  cosign(): Promise<void>;
  close(): Promise<void>;
}

export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { account, instruments, limits, startMs, log, openStore, onAlert } = options;
  checkCeiling(limits, options.ceiling);
  const scheduler = new Scheduler(startMs);
  const nowMs = () => scheduler.nowMs();
  // Everybody subscribes at the start, so nobody reads what others have read already.
  const bus = new LocalBus(scheduler, { retainedRecords: 64 });
  const rpc = new LocalRpc();
  const keys = new ReplayKeys(options.seed);
  const persons = [options.person];
  const facts = { authority, mode: Mode.REPLAY, platform: "countersign-embedded", signers: keys, persons };
  const genesis = genesisRequest({ ...facts, limitsDigest: limits.digest, fromMs: startMs });
  const fence = new FenceReader({ genesisDigest: genesisDigest(genesis) });
  const stores = new Map<string, Store>();
  const storeOf = async (name: string) => {
    const store = await openStore(name.replaceAll(/[^a-z0-9]/g, "_"));
    stores.set(name, store);
    return store;
  };
  await bus.ensureTopics(topics.map(({ topic }) => ({ topic, partitions: PARTITIONS })));
  await followControl(bus, fence, "platform");

  const tellers = new Map<string, Teller>();
  const teller = async (sender: string) => {
    const signer = keys.signer(sender, KeyPurpose.ENVELOPE);
    const told = new Teller({ sender, signer, keys: fence.keys, store: await storeOf(sender), bus, nowMs });
    await told.load();
    tellers.set(sender, told);
    return told;
  };
  const host = async ({ agent, edge, fold }: Seat) => {
    const name = agent.canvas.agent;
    await bus.ensureTopics(
      agent.canvas.observes.map(({ topic }) => ({ topic: `${topic}.${name}.dlq`, partitions: 1 })),
    );
    const signer = keys.signer(name, KeyPurpose.ENVELOPE);
    const store = await storeOf(name);
    const common = { keys: fence.keys, mode: Mode.REPLAY, store, bus, rpc, fence, loop: scheduler };
    return new Host({ agent, edge, fold, signer, ...common, ...(onAlert && { onAlert }) });
  };

  const seats = makeAgents(options, {
    mode: "replay",
    signers: keys,
    keys: fence.keys,
    fence: () => fence.state(),
    // In a replay the fence is read at each step, so it is never old; and Execution has one life, the same each time.
    fenceFresh: () => true,
    mayWrite: () => true,
    nowMs,
    session: options.seed,
  });
  const { figures, cosigners: cosigning } = seats.at(-1) ?? {};
  if (figures === undefined || cosigning === undefined)
    throw new Error("broken invariant: Compliance is the last of the agents");
  const hosts: Host<unknown, unknown>[] = [];
  for (const seat of seats) hosts.push(await host(seat));
  const complianceHost = hosts.at(-1)!;
  const deciders = hosts.slice(0, -1);
  const cosigners = cosigning({
    store: stores.get("compliance")!,
    rpc,
    say: (effect) => complianceHost.say(effect),
    onRefused: (validator, code, text) => onAlert?.("compliance", `COSIGNATURE_${code}`, `${validator}: ${text}`),
  });
  const validators: Validator[] = [];
  for (const name of VALIDATORS) {
    const said = await teller(name);
    const validator = makeValidator({
      name,
      peers: [...VALIDATORS],
      mode: Mode.REPLAY,
      genesis,
      envelopeSigner: keys.signer(name, KeyPurpose.ENVELOPE),
      voteSigner: keys.signer(name, KeyPurpose.VOTE),
      checkpointSigner: keys.signer(name, KeyPurpose.CHECKPOINT),
      instruments,
      log,
      store: stores.get(name)!,
      rpc,
      nowMs,
      publish: (effect) => said.say(effect),
      ...(name === VALIDATORS[0] && options.onLedgerLine && { onLine: options.onLedgerLine }),
    });
    validators.push(validator);
    await followQuotes(bus, fence.keys, validator, Mode.REPLAY, nowMs);
  }
  const personTeller = await teller(options.person);
  const person = new Person({
    name: options.person,
    envelopeSigner: keys.signer(options.person, KeyPurpose.ENVELOPE),
    wordSigner: keys.signer(options.person, KeyPurpose.APPROVAL),
    keys: fence.keys,
    rpc,
    nowMs,
  });
  for (const one of hosts) {
    one.sleep();
    await one.start();
  }
  await scheduler.step(startMs, async () => {
    // What servers and people said in an earlier life and nobody heard yet; the hosts' part is theirs.
    for (const told of tellers.values()) await told.resend();
    for (const validator of validators) await validator.start();
    await person.proposeGenesis(genesis, VALIDATORS[0]);
  });

  // The end of a step that wrote a record: what is periodic elsewhere. First those who may write more, then Compliance, who folds all.
  scheduler.onStepEnd(async () => {
    if (!complianceHost.hasWaiting) return;
    for (const one of deciders) await one.tick();
  });
  scheduler.onStepEnd(async () => {
    if (!complianceHost.hasWaiting) return;
    await complianceHost.tick();
    await complianceHost.flush();
    if (cosigners.behind >= COSIGNED_EVERY) await cosigners.gather();
  });

  const feed = new Feed();
  for (const name of SERVERS) await teller(name);
  return {
    scheduler,
    bus,
    rpc,
    fence,
    keys,
    hosts,
    validators,
    stores,
    person,
    personSays: (effect) => personTeller.say(effect),
    feed,
    figures: () => figures(stores.get("compliance")!),
    stolen: (agent) => keys.signer(agent, KeyPurpose.ENVELOPE),
    recordTopics: topics.filter(({ delivery }) => delivery === "record").map(({ topic }) => topic),
    async begin() {
      feed.beginDay();
      for (const one of hosts) one.wake();
      await scheduler.step(nowMs(), () =>
        person.deposit(account, options.deposit, "opening", VALIDATORS[0]).then(accepted),
      );
      await scheduler.step(nowMs(), async () => {
        for (const one of hosts) await one.say(ready(one.name));
        for (const validator of validators) await validator.tick();
        for (const name of SERVERS) await tellers.get(name)?.say(ready(name));
      });
    },
    release: (event) => scheduler.step(event.timeMs, () => void bus.publishNow(feed.record(event))),
    cosign: () => scheduler.step(nowMs(), () => cosigners.gather()),
    async close() {
      for (const one of hosts) await one.close();
      await bus.close(0);
    },
  };
}

function ready(agent: string): PublishEffect {
  const payload = create(HeartbeatSchema, { agent, ready: true });
  return {
    kind: "publish",
    topic: "agents.heartbeat.v1",
    key: agent,
    type: "agent.heartbeat",
    payload,
    intent: "READY",
  };
}

function accepted({ code, place, text }: ProposeResponse): void {
  if (code !== undefined) throw new Error(`${place ?? "the quorum"} refused: ${code} ${text ?? ""}`);
}
