/** One trial: hosts, faults, clients, and then what they saw. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Prng } from "@countersign/quant";
import { torment } from "./faults.ts";
import { Ground } from "./ground.ts";
import type { Event } from "./history.ts";
import { VALIDATORS } from "./parties.ts";

export interface TrialOptions {
  /** Holds everything; the caller's to remove. */
  readonly dir: string;
  readonly seed: string;
  readonly minutes: number;
  readonly say: (text: string) => void;
}

export interface Happened {
  /** How often each fault was. */
  readonly faults: Readonly<Record<string, number>>;
  readonly history: readonly Event[];
  /** Programs that ended, and not by us. */
  readonly ended: readonly string[];
}

/** For those who were parted to find each other. */
const SETTLE_MS = 3_000;

export async function trial({ dir, seed, minutes, say }: TrialOptions): Promise<Happened> {
  await using ground = await Ground.open(dir);
  say("three members of etcd and three validators run, each on its host");
  const file = join(dir, "history.jsonl");
  const clients = await ground.startClients(join(import.meta.dirname, "clients.ts"), { seed, history: file });
  say("genesis, opening and a deposit are in the logs; clients are at work");
  const faults = await torment(ground, minutes * 60_000, new Prng(BigInt(seed)), say);
  await Promise.all(VALIDATORS.map((name) => ground.isReady(name)));
  await wait(SETTLE_MS);
  await clients.end();
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  const history: readonly Event[] = lines.map((line) => JSON.parse(line));
  say("all is well again, and both logs were read to their ends");
  return { faults, history, ended: ground.endedByItself };
}
