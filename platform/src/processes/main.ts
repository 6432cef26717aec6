/**
 * One process of a cluster: `node platform/src/processes/main.ts DIR NAME`. SIGTERM, the end of its standard input where a supervisor
 * holds the other end, or a key or a certificate that is replaced, ends it: first nobody is led to it any more, then nobody is let in,
 * then what runs is finished; and in any case it ends soon, because nobody may be left to kill it, and its ports are its successor's.
 */
import { fstatSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { setTimeout as wait } from "node:timers/promises";
import { TelemetryError } from "@countersign/telemetry";
import { AGENTS, type AgentName } from "../agents.ts";
import { VALIDATORS } from "../genesis.ts";
import { InputError } from "../inputs.ts";
import { agentOf } from "./cluster.ts";
import { endInOrder } from "./ending.ts";
import { FileWatch } from "./file-watch.ts";
import { openProcess, type Process, VENUE } from "./process.ts";

/** Replicas have one Secret, and must not all go at once. */
const APART_MS = 10_000;
const CANARY = "signal-canary";

const [dir = "", name = ""] = process.argv.slice(2);
const told = new Promise<void>((resolve) => {
  process.once("SIGTERM", () => resolve());
  // Ctrl-C in a terminal reaches everybody in it: who started us says when to end.
  process.on("SIGINT", () => {});
  if (isHeld(process.stdin.fd)) process.stdin.once("end", () => resolve()).resume();
});
try {
  const { agent } = agentOf(name);
  // Before any of them is read.
  const files = new FileWatch({ dir, sender: agent, also: agent === VENUE ? ["secrets.json"] : [] });
  if (name === CANARY) {
    const canary = await (await import("./canary.ts")).openCanary(dir);
    await Promise.race([told, files.changed()]);
    await canary.close();
    process.exit(0);
  }
  const run = await runnerOf(agent);
  const own = await openProcess(dir, name);
  const stop = Promise.race([told, replaced(files, own)]);
  // Who waits for an engine or for the genesis has nothing to finish.
  const running = await Promise.race([run(own), stop]);
  // Else only a clean end writes it.
  flushCompileCache();
  await stop;
  await endInOrder({
    drainMs: own.place.drainMs,
    endsSoon: () => own.endsSoon(),
    closeDoor: () => own.closeDoor(),
    async close() {
      await running?.close();
      await own.close();
    },
    tooLate: () => end("did not end in time"),
  });
  process.exit(0);
} catch (error) {
  console.error(isExpected(error) ? `countersign: ${error.message}` : error);
  process.exit(1);
}

async function replaced(files: FileWatch, { log, place }: Process): Promise<void> {
  const path = await files.changed();
  log(`${path} is another one: this process ends, to start again with it`);
  if (place.isShared) await wait(Math.random() * APART_MS);
}

/** What somebody can put right: one line says what and where. */
function isExpected(error: unknown): error is Error {
  return error instanceof InputError || error instanceof TelemetryError;
}

/** As a crash would: the store and the outbox are made for it. */
function end(why: string): never {
  console.error(`countersign: ${name} ${why}`);
  process.exit(1);
}

/** Standard input is a supervisor's pipe, and not /dev/null, which is at its end from the beginning. */
function isHeld(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFIFO() || stats.isSocket();
}

/** Each loads what it runs and no other's: its image need hold no more. */
async function runnerOf(which: string): Promise<(own: Process) => Promise<{ close(): Promise<void> }>> {
  if (which === VENUE) return (await import("./exchange.ts")).runExchange;
  if (which === "market") return (await import("./market.ts")).runMarket;
  if (which === "gateway") return (await import("./gateway.ts")).runGateway;
  if ((VALIDATORS as readonly string[]).includes(which)) return (await import("./validator.ts")).runValidator;
  if (!(AGENTS as readonly string[]).includes(which))
    throw new InputError("BAD_OPTION", `${which}: no process has this name`);
  const { runAgent } = await import("./agent.ts");
  return (own) => runAgent(which as AgentName, own);
}
