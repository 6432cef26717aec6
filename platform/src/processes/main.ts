/**
 * One process of a cluster: `node platform/src/processes/main.ts DIR NAME`. SIGTERM, or the end of its standard input, ends it when what
 * runs is finished, and in any case soon: nobody may be left to kill it, and its ports are its successor's.
 */
import { flushCompileCache } from "node:module";
import { AGENTS, type AgentName } from "../agents.ts";
import { VALIDATORS } from "../genesis.ts";
import { InputError } from "../inputs.ts";
import { runAgent } from "./agent.ts";
import { runExchange } from "./exchange.ts";
import { runGateway } from "./gateway.ts";
import { runMarket } from "./market.ts";
import { openProcess, type Process, VENUE } from "./process.ts";
import { runValidator } from "./validator.ts";

const END_MS = 8_000;

const [dir = "", name = ""] = process.argv.slice(2);
const stop = new Promise<void>((resolve) => {
  process.once("SIGTERM", resolve);
  // Ctrl-C in a terminal reaches everybody in it: who started us says when to end.
  process.on("SIGINT", () => {});
  process.stdin.once("end", resolve).resume();
});
try {
  const own = await openProcess(dir, name);
  // Who waits for an engine or for the genesis has nothing to finish.
  const running = await Promise.race([run(own.name, own), stop]);
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

function run(which: string, own: Process): Promise<{ close(): Promise<void> }> {
  if (which === VENUE) return runExchange(own);
  if (which === "market") return runMarket(own);
  if (which === "gateway") return runGateway(own);
  if ((VALIDATORS as readonly string[]).includes(which)) return runValidator(own);
  if ((AGENTS as readonly string[]).includes(which)) return runAgent(which as AgentName, own);
  throw new InputError("BAD_OPTION", `${which}: no process has this name`);
}
