/**
 * The program that keeps one server process: `node supervise.ts <JSON of SupervisorOrder>`. The first line it prints is the server's
 * process id.
 *
 * The server never outlives its run: the run holds the other end of our standard input, and however the run ends, the operating
 * system closes that end. A session of our own keeps Ctrl-C in the run's terminal away from the server until the run stops us.
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";

export interface SupervisorOrder {
  readonly command: string;
  readonly args: readonly string[];
  /** How long a server gets to end by SIGTERM; 0: nobody wants its data, and it is killed at once. */
  readonly graceMs: number;
  /** Folders that go with the run. */
  readonly removeAtEnd: readonly string[];
}

const { command, args, graceMs, removeAtEnd }: SupervisorOrder = JSON.parse(process.argv[2] ?? "");
const server = spawn(command, args, { stdio: ["ignore", 2, 2] });
let isStopping = false;

server.on("spawn", () => process.stdout.write(`${server.pid}\n`));
server.on("error", (error) => {
  console.error(error.message);
  end(1);
});
server.on("exit", (code) => end(code ?? 1));
process.stdin
  .on("error", () => {})
  .on("close", stop)
  .resume();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);

function stop(): void {
  if (isStopping) return;
  isStopping = true;
  if (graceMs > 0) server.kill("SIGTERM");
  setTimeout(() => server.kill("SIGKILL"), graceMs);
}

function end(code: number): never {
  // Its neighbours of the same run may still be writing below this folder.
  for (const folder of isStopping ? removeAtEnd : []) rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
  process.exit(code);
}
