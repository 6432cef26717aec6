/** The command as its users run it: a process of its own, called from a folder of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cloneFile } from "@countersign/platform";

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly ended: Promise<Ended>;
  /** When what it has printed so far holds this text. Throws when it ends without. */
  saw(text: string): Promise<void>;
  /** As Ctrl-C in a terminal does: to the process and to all that it has started in its group. */
  signal(signal: NodeJS.Signals): void;
}

/** Where tests call the command: `dir` for their files, and a `state` like a clone's .countersign. */
export class Place implements AsyncDisposable {
  readonly dir: string;
  readonly state: string;
  readonly #started: ChildProcess[] = [];

  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), "countersign-e2e-"));
    // The database's account has to get through, when root runs the tests.
    chmodSync(this.dir, 0o711);
    this.state = join(this.dir, "state");
    mkdirSync(this.state);
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.dir, name), content);
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const preload = new URL("./elsewhere.ts", import.meta.url).href;
    const child = spawn(process.execPath, ["--import", preload, cloneFile("cli/src/main.ts"), ...args], {
      cwd: this.dir,
      env: {
        PATH: process.env.PATH ?? "",
        // As the command itself sets it.
        NODE_COMPILE_CACHE: cloneFile("node_modules/.cache/countersign"),
        COUNTERSIGN_TEST_STATE: this.state,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#started.push(child);
    return follow(child);
  }

  async run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> {
    return this.start(args, env).ended;
  }

  /** Names of all that lies among the runs, drafts too. */
  get runs(): readonly string[] {
    const runs = join(this.state, "runs");
    return existsSync(runs) ? readdirSync(runs).toSorted() : [];
  }

  runFolder(number: number): string {
    return join(this.state, "runs", String(number));
  }

  /** Command lines of what still works here: a server, its supervisor, initdb. Waits until there are none, a while at most. */
  async strays(waitMs = 10_000): Promise<readonly string[]> {
    for (const until = performance.now() + waitMs; ; await sleep(100)) {
      const found = this.#processes();
      if (found.length === 0 || performance.now() > until) return found;
    }
  }

  #processes(): readonly string[] {
    const all = execFileSync("ps", ["-A", "-ww", "-o", "args="], { encoding: "utf8", maxBuffer: 2 ** 26 });
    return all.split("\n").filter((line) => line.includes(this.state));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#started) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await this.strays();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function follow(child: ChildProcess): Started {
  let [out, err] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  let isOver = false;
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      isOver = true;
      resolve({ code, signal, out, err });
    });
  });
  return {
    ended,
    async saw(text) {
      while (!out.includes(text)) {
        if (isOver) throw new Error(`it ended without "${text}":\n${out}${err}`);
        await sleep(10);
      }
    },
    signal(signal) {
      if (child.pid !== undefined && !isOver) process.kill(-child.pid, signal);
    },
  };
}
