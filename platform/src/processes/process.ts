/**
 * What every process of a cluster has: its engines, its keys, its fence, its loop. Opened in an order in which nothing is read that could
 * not be verified: first the control log, then everything else.
 */
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { KeyPurpose } from "@countersign/contracts";
import type { Signer } from "@countersign/envelope";
import { GrpcError, GrpcRpc, withRetries } from "@countersign/grpc";
import { openPool, type Pool } from "@countersign/postgres";
import { FenceReader, genesisDigest, openGenesis, rootedKeys } from "@countersign/quorum";
import { isTransient, openPostgresStore, prune, type Rpc, type Store, Teller, WallLoop } from "@countersign/runtime";
import { VALIDATORS } from "../genesis.ts";
import { InputError } from "../inputs.ts";
import { followControl } from "../listeners.ts";
import { isAway } from "./away.ts";
import { havingTopics, openBus } from "./bus.ts";
import {
  agentOf,
  type ClusterSpec,
  checkShadow,
  keysDir,
  postgresUrl,
  readSecrets,
  readSpec,
  type Secrets,
} from "./cluster.ts";
import { grpcTls } from "./credentials.ts";
import { FenceWatch } from "./fence-watch.ts";
import { openFlags } from "./flags.ts";
import { following } from "./following.ts";
import { type Hot, openHot } from "./hot.ts";
import { KeyFiles } from "./key-files.ts";
import { type Observed, observe } from "./observe.ts";
import { type Place, placeOf } from "./place.ts";
import { DatabaseWatch, type HealthOptions, liveness, type Phase, readiness, started } from "./probes.ts";
import { rememberHead } from "./seen-head.ts";
import { vitalSigns } from "./vital-signs.ts";
import type { WatchedBus } from "./watched-bus.ts";
import { watchedRpc } from "./watched-rpc.ts";

export interface Process {
  readonly dir: string;
  readonly place: Place;
  readonly name: string;
  readonly spec: ClusterSpec;
  /** As they are now. */
  readonly secrets: () => Secrets;
  readonly pool: Pool;
  readonly bus: WatchedBus;
  readonly rpc: Rpc;
  readonly server: GrpcRpc;
  readonly fence: FenceReader;
  readonly signers: KeyFiles;
  /** Signs this process' envelopes. */
  readonly signer: Signer;
  readonly loop: WallLoop;
  readonly observed: Observed;
  /** Undefined where the cluster has no Redis. */
  readonly hot: Hot | undefined;
  /** Ends the process at once: an invariant is broken, and nothing here may be believed any more. */
  readonly onBroken: (error: unknown) => void;
  log(line: string): void;
  /** It does its work from now on: the probe says so, unless something keeps it. */
  ready(whyNot?: () => string | undefined): void;
  openStore(): Promise<Store>;
  openTeller(store: Store): Promise<Teller>;
  /** Until the control log says who anybody is. */
  genesis(): Promise<void>;
  /** From now on nobody should be led here; who is, is answered. */
  endsSoon(): void;
  /** Accepts no call any more; those that run have some time to finish. */
  closeDoor(): Promise<void>;
  close(): Promise<void>;
}

/** @param processName an agent's, or that of one of its replicas */
export async function openProcess(dir: string, processName: string): Promise<Process> {
  const spec = readSpec(dir);
  const { agent: name, n } = agentOf(processName);
  const secrets = following(() => readSecrets(dir));
  checkShadow(spec, secrets());
  const signers = new KeyFiles(keysDir(dir), { makes: false });
  const place = placeOf(dir, processName, process.env);
  const { dataDir, instance } = place;
  const health = spec.health[processName];
  const address = health && place.listenAt(health);
  const observed = observe({ dataDir, name, processName, instance, address, environment: process.env });
  const { log, metrics, probe } = observed;
  // A person's command says by itself what is to be said.
  const flags = address === undefined ? undefined : await openFlags({ dir, name, processName, observed });
  const onBroken = (error: unknown) => {
    observed.logEnd(error);
    process.exit(BROKEN);
  };
  const loop = new WallLoop({ onBroken });
  const applicationName = `countersign ${instance}`;
  // The paper exchange keeps its own record.
  const pool =
    name === VENUE
      ? undefined
      : openPool(
          following(() => postgresUrl(dir)),
          { max: 4, applicationName },
        );
  const database = pool && new DatabaseWatch(pool);
  const replicas = spec.replicas?.[name] ?? 1;
  const shared = { dir, name, replicas, platform: spec.platform, secrets, observed, environment: process.env };
  // A person's command shares nothing.
  const hot = address === undefined ? undefined : openHot(shared);
  const bus = openBus(dir, spec, { instance, observed, onBroken });
  const listen = spec.servers[name]?.[n];
  const server = await naming(dir, () => openRpc(dir, spec, { place, listen, onError: onBroken }));
  const genesis = Buffer.from(spec.genesis, "base64");
  const fence = new FenceReader({ genesisDigest: genesisDigest(genesis) });
  const keys = rootedKeys(rootOf(dir, genesis), fence);
  // The paper exchange says nothing, so it has no key.
  const signer = name === VENUE ? undefined : signers.signer(name, KeyPurpose.ENVELOPE);
  const nowMs = () => loop.nowMs();
  const watch = signer && new FenceWatch({ name, signer, fence, keys, rpc: server, validators: VALIDATORS, nowMs });
  const insistOn = <T>(it: T | undefined, what: string): T => {
    if (it === undefined) throw new Error(`broken invariant: ${name} has no ${what}`);
    return it;
  };
  const ownPool = () => insistOn(pool, "database");
  const ownSigner = () => insistOn(signer, "key to sign with");
  const pruning: NodeJS.Timeout[] = [];
  const state = { isOpen: false, phase: "starting" as Phase, whyNot: undefined as HealthOptions["whyNot"] };
  const checks: HealthOptions = {
    bus,
    loop,
    database,
    fenceIsFresh: watch && (() => fence.isFresh(performance.now())),
    isOpen: () => state.isOpen,
    phase: () => state.phase,
    whyNot: () => state.whyNot?.(),
  };
  metrics.watch({
    fenceAgeSeconds: () => ageSeconds(fence.freshAtMachineMs, performance.now()),
    checkpointAgeSeconds: () => ageSeconds(bus.newestMs("audit.checkpoint.v1"), Date.now()),
    inflightBytes: () => bus.inflightBytes,
    dlqRecords: () => bus.dead,
    breakers: () => server.breakers(),
    ...vitalSigns({
      dir,
      fence,
      isReady: () => readiness(checks).ok,
      clockOffsetSeconds: () => database?.clockOffsetSeconds,
      keyid: signer?.keyid,
    }),
  });
  await observed.serve({
    started: () => started(checks),
    live: () => liveness(checks),
    ready: () => readiness(checks),
  });
  if (listen !== undefined) await naming(dir, () => server.listen());
  state.isOpen = true;
  return {
    dir,
    place,
    name,
    spec,
    secrets,
    get pool() {
      return ownPool();
    },
    bus,
    rpc: watchedRpc(withRetries(server, { attempts: 4, baseMs: 50, capMs: 1_000, random: Math.random }), probe),
    server,
    fence,
    signers,
    get signer() {
      return ownSigner();
    },
    loop,
    observed,
    hot,
    onBroken,
    log,
    ready(whyNot) {
      if (state.phase === "starting") state.phase = "working";
      state.whyNot = whyNot;
      log("ready");
    },
    async openStore() {
      const store = await insist(() => openPostgresStore(ownPool(), schemaOf(name)));
      await insist(() => rememberHead(store, fence, onBroken));
      pruning.push(pruneEveryHour(ownPool(), schemaOf(name), log, onBroken));
      return store;
    },
    async openTeller(store) {
      const teller = new Teller({ sender: name, signer: ownSigner(), keys: fence.keys, store, bus, nowMs, onBroken });
      await insist(() => teller.load());
      await insist(() => teller.resend());
      metrics.watch({ outboxAgeSeconds: () => teller.outboxAgeSeconds });
      return teller;
    },
    async genesis() {
      // Whichever brings the genesis: a validator's answer, or the topic.
      watch?.start();
      await havingTopics(() => insist(() => followControl(bus, fence, name)), log);
      while (fence.members === undefined) await wait(20);
      while (watch !== undefined && !fence.isFresh(performance.now())) await wait(20);
    },
    endsSoon() {
      state.phase = "ending";
      if (listen !== undefined) server.setServing(false);
    },
    closeDoor: () => server.closeDoor(DRAIN_MS),
    async close() {
      state.phase = "ending";
      await loop.close();
      await watch?.close();
      await server.close(DRAIN_MS);
      await bus.close(DRAIN_MS);
      for (const timer of pruning) clearInterval(timer);
      database?.close();
      await hot?.close();
      await pool?.close();
      await flags?.close();
      await observed.close();
    },
  };
}

/** @throws InputError: all trust comes from it, so without it there is nothing to start */
function rootOf(dir: string, genesis: Uint8Array): ReturnType<typeof openGenesis> {
  try {
    return openGenesis(genesis);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const cure = "take the file again as it was founded";
    throw new InputError("BAD_OPTION", `${join(dir, "cluster.json")}: genesis: ${text}: ${cure}`, { cause });
  }
}

interface Listening {
  readonly place: Place;
  /** Where it is found; who has no such address only calls. */
  readonly listen: string | undefined;
  readonly onError: (error: unknown) => void;
}

function openRpc(dir: string, { servers }: ClusterSpec, { place, listen, onError }: Listening): GrpcRpc {
  const tls = grpcTls(dir);
  return new GrpcRpc({
    servers,
    onError,
    ...(tls && { tls }),
    ...(listen !== undefined && { listen: place.grpcAt(listen) }),
    ...(place.isShared && { connection: { maxAgeMs: CONNECTION_AGE_MS } }),
  });
}

/** What gRPC says of an address or a certificate is about the folder. @throws InputError */
async function naming<T>(dir: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    const where = error.code === "NEEDS_TLS" || error.code === "BAD_CREDENTIALS" ? "tls" : "cluster.json: servers";
    throw new InputError("BAD_OPTION", `${join(dir, where)}: ${error.message}`, { cause: error });
  }
}

/** What an agent's tables need no longer goes, an hour after the start for the first time; beside everything else. */
function pruneEveryHour(
  pool: Pool,
  schema: string,
  log: (line: string) => void,
  onBroken: (error: unknown) => void,
): NodeJS.Timeout {
  const run = async () => {
    try {
      const { inbox, outbox } = await prune(pool, schema, new Date());
      if (inbox + outbox > 0) log(`pruned ${inbox} rows of the inbox, ${outbox} of the outbox`);
    } catch (error) {
      // The next hour tries again.
      if (!isTransient(error)) onBroken(error);
    }
  };
  return setInterval(() => void run(), HOUR_MS).unref();
}

/** Seconds between two times in ms; unknown when the earlier one is. */
function ageSeconds(fromMs: number | undefined, nowMs: number): number | undefined {
  return fromMs === undefined ? undefined : (nowMs - fromMs) / 1_000;
}

/** Until the engine is there: who starts first waits for who starts last. */
export async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (!isAway(error)) throw error;
      await wait(Math.min(50 * 2 ** tries, 1_000));
    }
  }
}

/** One schema a process, as embedded. */
export function schemaOf(name: string): string {
  return name.replaceAll(/[^a-z0-9]/g, "_");
}

/** The paper exchange's process, and the venue's name in intents is another thing. */
export const VENUE = "paper-exchange";
export const BROKEN = 70; // EX_SOFTWARE of sysexits.h
const DRAIN_MS = 3_000;
/** So old a replica is when every client knows it. */
const CONNECTION_AGE_MS = 60_000;
const HOUR_MS = 3_600_000;
