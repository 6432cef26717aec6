/**
 * One process of a cluster: `node platform/src/processes/main.ts DIR NAME`. SIGTERM, or the end of its standard input where a supervisor
 * holds the other end, ends it when what runs is finished, and in any case soon: nobody may be left to kill it, and its ports are its
 * successor's.
 */
import { fstatSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { AGENTS, type AgentName } from "../agents.ts";
import { VALIDATORS } from "../genesis.ts";
import { InputError } from "../inputs.ts";
import { agentOf } from "./cluster.ts";
import { openProcess, type Process, VENUE } from "./process.ts";

const END_MS = 8_000;
const CANARY = "signal-canary";

const [dir = "", name = ""] = process.argv.slice(2);
const stop = new Promise<void>((resolve) => {
  process.once("SIGTERM", resolve);
  // Ctrl-C in a terminal reaches everybody in it: who started us says when to end.
  process.on("SIGINT", () => {});
  if (isHeld(process.stdin.fd)) process.stdin.once("end", resolve).resume();
});
try {
  if (name === CANARY) {
    const canary = await (await import("./canary.ts")).openCanary(dir);
    await stop;
    await canary.close();
    process.exit(0);
  }
  const run = await runnerOf(agentOf(name).agent);
  const own = await openProcess(dir, name);
  // Who waits for an engine or for the genesis has nothing to finish.
  const running = await Promise.race([run(own), stop]);
  // Else only a clean end writes it.
  flushCompileCache();
  await stop;
  setTimeout(() => end("did not end in time"), END_MS);
  await running?.close();
  await own.close();
  process.exit(0);
} catch (error) {
  console.error(error instanceof InputError ? `countersign: ${error.message}` : error);
  process.exit(1);
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
