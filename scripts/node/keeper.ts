/**
 * The one process of a node that the host sees: it starts the namespaces, and lets the host in by 127.0.0.1. When it ends, however it
 * ends, everything in the namespaces is killed.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { API_PORT, place } from "./place.ts";
import { program } from "./programs.ts";

const at = place();
const inside = [program("catatonit"), "--", process.execPath, join(import.meta.dirname, "inside.ts")];
const child = spawn(
  program("setpriv"),
  [
    ...["--pdeathsig", "KILL", program("unshare")],
    ...["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=SIGKILL", "--", ...inside],
  ],
  { stdio: ["ignore", "inherit", "inherit"] },
);
const door = createServer((from) => {
  const to = connect(at.door);
  from.pipe(to).pipe(from);
  for (const [one, other] of [
    [from, to],
    [to, from],
  ] as const)
    one.on("error", () => other.destroy());
});
door.listen(API_PORT, "127.0.0.1");
writeFileSync(at.pid, String(process.pid));
// unshare hears no SIGTERM; it takes its child along when it is killed.
process.once("SIGTERM", () => child.kill("SIGKILL"));
child.once("exit", () => process.exit(0));
