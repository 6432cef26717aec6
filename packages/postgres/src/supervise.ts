/**
 * The program that keeps one server: `node supervise.ts <JSON of SupervisorOrder>`.
 *
 * 1. The server never outlives its run. The run holds the other end of our standard input; however the run ends, the
 *    operating system closes that end, and we stop the server. To stop it on purpose the run closes it, too: there is
 *    one path, and each clean stop tests it.
 * 2. We start the server ourselves, so that at no instant a server is without us.
 * 3. We have a session of our own: Ctrl-C in the run's terminal reaches the run, which stops us when it is ready.
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { type ServerSignal, signalServer } from "./signal.ts";

export type SupervisorOrder = {
  readonly postgres: string;
  readonly pgCtl: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  /** Folders of a server whose data nobody wants once it was stopped. */
  readonly removeAtEnd: readonly string[];
};

const FAST_MS = 10_000;
const IMMEDIATE_MS = 5_000;

const { postgres, pgCtl, args, removeAtEnd, ...options }: SupervisorOrder = JSON.parse(process.argv[2] ?? "");
const server = spawn(postgres, args, { ...options, stdio: ["ignore", "inherit", "inherit"] });

let isStopping = false;

server.on("error", (error) => end(1, error));
server.on("exit", (code) => end(code ?? 1));
process.stdin
  .on("error", () => {})
  .on("close", stop)
  .resume();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);

function stop(): void {
  isStopping = true;
  send("INT");
  setTimeout(() => send("QUIT"), FAST_MS);
  setTimeout(() => send("KILL"), FAST_MS + IMMEDIATE_MS);
}

function send(signal: ServerSignal): void {
  if (server.pid !== undefined) signalServer(server.pid, signal, pgCtl);
}

function end(code: number, error?: Error): never {
  if (error !== undefined) console.error(`FATAL:  ${error.message}`);
  for (const folder of isStopping ? removeAtEnd : []) rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}
