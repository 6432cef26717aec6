/**
 * A canary of Signal as a process: `main.ts DIR signal-canary`. It needs the folder's `cluster.json` and a Kafka user that only reads; no key,
 * no database, no call. How much of what it says agrees is `countersign_canary_words_total`, by which a rollout is judged.
 */
import { FenceReader, genesisDigest, openGenesis, rootedKeys } from "@countersign/quorum";
import { WallLoop } from "@countersign/runtime";
import { modes, signalSeat } from "../agents.ts";
import { Agreement } from "../agreement.ts";
import { startCanary } from "../canary.ts";
import { followControl } from "../listeners.ts";
import { configOf } from "./agent.ts";
import { openBus } from "./bus.ts";
import { readSpec } from "./cluster.ts";
import { openFlags } from "./flags.ts";
import { observe } from "./observe.ts";
import { placeOf } from "./place.ts";
import { liveness } from "./probes.ts";
import { BROKEN } from "./process.ts";

const CANARY = "signal-canary";

export async function openCanary(dir: string): Promise<{ close(): Promise<void> }> {
  const spec = readSpec(dir);
  const { dataDir, instance, listenAt } = placeOf(dir, CANARY, process.env);
  const health = spec.health[CANARY];
  const address = health && listenAt(health);
  const observed = observe({ dataDir, name: CANARY, processName: CANARY, instance, address, environment: process.env });
  const flags = await openFlags({ dir, name: CANARY, processName: CANARY, observed });
  const onBroken = (error: unknown) => {
    observed.logEnd(error);
    process.exit(BROKEN);
  };
  const loop = new WallLoop({ onBroken });
  const bus = openBus(dir, spec, { instance, observed, onBroken });
  const genesis = Buffer.from(spec.genesis, "base64");
  const fence = new FenceReader({ genesisDigest: genesisDigest(genesis) });
  const agreement = new Agreement(() => loop.nowMs());
  observed.metrics.watch({ canaryWords: () => agreement.counts });
  const started = { is: false };
  const ready = () => ({ ok: started.is, why: started.is ? "" : "it is starting" });
  const open = () => ({ ok: true, why: "" });
  await observed.serve({ started: open, live: () => liveness({ bus, loop }), ready });
  // Whom to believe is in the control log.
  await followControl(bus, fence, CANARY);
  const { agent } = signalSeat(await configOf(spec, dir));
  const around = { bus, loop, fence, onBroken, probe: observed.probe, keys: rootedKeys(openGenesis(genesis), fence) };
  const host = await startCanary({
    ...around,
    agent,
    agreement,
    mode: modes[spec.mode],
    fold: "together",
    alone: true,
    resumes: true,
  });
  started.is = true;
  observed.log("ready");
  return {
    async close() {
      started.is = false;
      await host.close();
      await loop.close();
      await bus.close(DRAIN_MS);
      await flags.close();
      await observed.close();
    },
  };
}

const DRAIN_MS = 3_000;
