/** A whole platform that trades, with one broker and one member of etcd, in a folder of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type RunningCluster, startCluster } from "@countersign/platform";
import { choiceOf } from "../crash/trial.ts";
import { type Answered, countersignIn } from "./countersign.ts";
import { ordersAtVenue } from "./venue-orders.ts";

export interface Trading extends AsyncDisposable {
  /** For what a test writes. */
  readonly dir: string;
  /** The cluster's. */
  readonly folder: string;
  readonly cluster: RunningCluster;
  /** The command, about this cluster. */
  countersign(...args: string[]): Promise<Answered>;
  /** One more order reaches the venue. @throws Error when none does for two minutes */
  tradesOn(): Promise<void>;
}

/** @param speed seconds of the day, which a model makes, in one second */
export async function startTrading(name: string, speed: number): Promise<Trading> {
  const dir = mkdtempSync(join(tmpdir(), `countersign-${name}-`));
  const folder = join(dir, "cluster");
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const choice = choiceOf({ dir, seed: "1", speed, hedge: "EURUSD", say: () => {} });
  const cluster = stack.use(await startCluster(folder, { choice, brokers: 1 }));
  const held = stack.move();
  return {
    dir,
    folder,
    cluster,
    countersign: countersignIn(dir, folder),
    async tradesOn() {
      const before = ordersAtVenue(folder);
      for (const until = performance.now() + PATIENCE_MS; ordersAtVenue(folder) <= before; await wait(500))
        if (performance.now() > until) throw new Error(`no order for ${PATIENCE_MS / 1_000} s`);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

const PATIENCE_MS = 120_000;
