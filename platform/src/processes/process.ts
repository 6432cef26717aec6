/**
 * What every process of a cluster has: its engines, its keys, its fence, its loop. Opened in an order in which nothing is read that could
 * not be verified: first the control log, then everything else.
 */
import { setTimeout as wait } from "node:timers/promises";
import { type Bus, BusError } from "@countersign/bus";
import { KafkaBus } from "@countersign/bus/kafka";
import { KeyPurpose } from "@countersign/contracts";
import type { Signer } from "@countersign/envelope";
import { GrpcRpc, withRetries } from "@countersign/grpc";
import { openPool, type Pool } from "@countersign/postgres";
import { FenceReader, genesisDigest } from "@countersign/quorum";
import { isTransient, openPostgresStore, type Rpc, type Store, Teller, WallLoop } from "@countersign/runtime";
import { VALIDATORS } from "../genesis.ts";
import { followControl } from "../listeners.ts";
import { type ClusterSpec, keysDir, readSecrets, readSpec, type Secrets } from "./cluster.ts";
import { FenceWatch } from "./fence-watch.ts";
import { KeyFiles } from "./key-files.ts";

export interface Process {
  readonly dir: string;
  readonly name: string;
  readonly spec: ClusterSpec;
  readonly secrets: Secrets;
  readonly pool: Pool;
  readonly bus: Bus;
  readonly rpc: Rpc;
  readonly server: GrpcRpc;
  readonly fence: FenceReader;
  readonly signers: KeyFiles;
  /** Signs this process' envelopes. */
  readonly signer: Signer;
  readonly loop: WallLoop;
  /** Ends the process at once: an invariant is broken, and nothing here may be believed any more. */
  readonly onBroken: (error: unknown) => void;
  log(line: string): void;
  openStore(): Promise<Store>;
  openTeller(store: Store): Promise<Teller>;
  /** Until the control log says who anybody is. */
  genesis(): Promise<void>;
  close(): Promise<void>;
}

export async function openProcess(dir: string, name: string): Promise<Process> {
  const spec = readSpec(dir);
  const secrets = readSecrets(dir);
  const signers = new KeyFiles(keysDir(dir), { makes: false });
  const log = (line: string) => console.log(JSON.stringify({ time: new Date().toISOString(), agent: name, msg: line }));
  const onBroken = (error: unknown) => {
    console.error(error);
    process.exit(BROKEN);
  };
  const loop = new WallLoop({ onBroken });
  const pool = openPool(secrets.postgres, { max: 4, applicationName: `countersign ${name}` });
  const bus = new KafkaBus({
    brokers: spec.kafka,
    clientId: `${spec.platform}-${name}`,
    onError(error, place) {
      // Liveness is progress: a process whose handler hangs ends, and its successor goes on from the store.
      const isStuck = error instanceof BusError && error.code === "STUCK";
      if (isStuck || !(isTransient(error) || error instanceof BusError)) return onBroken(error);
      log(`${JSON.stringify(place)}: ${error instanceof Error ? error.message : String(error)}`);
    },
  });
  const listen = spec.servers[name];
  const servers = Object.fromEntries(Object.entries(spec.servers).map(([server, address]) => [server, [address]]));
  const server = new GrpcRpc({ servers, onError: onBroken, ...(listen !== undefined && { listen }) });
  const fence = new FenceReader({ genesisDigest: genesisDigest(Buffer.from(spec.genesis, "base64")) });
  // The paper exchange says nothing, so it has no key.
  const signer = name === VENUE ? undefined : signers.signer(name, KeyPurpose.ENVELOPE);
  const nowMs = () => loop.nowMs();
  const watch = signer && new FenceWatch({ name, signer, fence, rpc: server, validators: VALIDATORS, nowMs });
  const ownSigner = (): Signer => {
    if (signer === undefined) throw new Error(`broken invariant: ${name} has nothing to sign with`);
    return signer;
  };
  if (listen !== undefined) await server.listen();
  return {
    dir,
    name,
    spec,
    secrets,
    pool,
    bus,
    rpc: withRetries(server, { attempts: 4, baseMs: 50, capMs: 1_000, random: Math.random }),
    server,
    fence,
    signers,
    get signer() {
      return ownSigner();
    },
    loop,
    onBroken,
    log,
    openStore: () => insist(() => openPostgresStore(pool, schemaOf(name))),
    async openTeller(store) {
      const teller = new Teller({ sender: name, signer: ownSigner(), keys: fence.keys, store, bus, nowMs, onBroken });
      await insist(() => teller.load());
      await insist(() => teller.resend());
      return teller;
    },
    async genesis() {
      await followControl(bus, fence);
      while (fence.members === undefined) await wait(20);
      watch?.start();
      while (watch !== undefined && !fence.isFresh(performance.now())) await wait(20);
    },
    async close() {
      if (listen !== undefined) server.setServing(false);
      await loop.close();
      await watch?.close();
      await server.close(DRAIN_MS);
      await bus.close(DRAIN_MS);
      await pool.close();
    },
  };
}

/** Until the engine is there: who starts first waits for who starts last. */
export async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (!isTransient(error)) throw error;
      await wait(Math.min(50 * 2 ** tries, 1_000));
    }
  }
}

/** One schema a process, as embedded. */
function schemaOf(name: string): string {
  return name.replaceAll(/[^a-z0-9]/g, "_");
}

/** The paper exchange's process, and the venue's name in intents is another thing. */
export const VENUE = "paper-exchange";
const BROKEN = 70; // EX_SOFTWARE of sysexits.h
const DRAIN_MS = 3_000;
