/** Keeps a tap in the desk, whatever becomes of its pod, and gives the tape what it says. */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import type { Kube } from "../kube.ts";
import { DESK } from "../reachability.ts";
import type { Tape } from "./tape.ts";

const AGAIN_MS = 2_000;

export class Recorder {
  readonly #kube: Kube;
  readonly #tape: Tape;
  readonly #log: string;
  #isOver = false;
  #end = () => {};

  /** @param log what was heard, and why a tap ended */
  constructor(kube: Kube, tape: Tape, log: string) {
    this.#kube = kube;
    this.#tape = tape;
    this.#log = log;
    void this.#goOn();
  }

  close(): void {
    this.#isOver = true;
    this.#end();
  }

  async #goOn(): Promise<void> {
    while (!this.#isOver) {
      await this.#listen().catch((error: unknown) => appendFileSync(this.#log, `${error}\n`));
      if (!this.#isOver) await wait(AGAIN_MS);
    }
  }

  /** From the first record on, each time: the tape knows what it has heard. */
  async #listen(): Promise<void> {
    const pod = await this.#kube.pod(DESK);
    // Packages are found from where a program stands, and one that comes by standard input stands where it is started.
    const command = ["sh", "-c", "cd /app && exec node --input-type=module-typescript -"];
    const tap = this.#kube.follow(
      pod.metadata.name,
      command,
      readFileSync(join(import.meta.dirname, "tap.ts"), "utf8"),
    );
    this.#end = () => tap.kill();
    tap.stderr.on("data", (chunk: Buffer) => appendFileSync(this.#log, chunk));
    createInterface(tap.stdout).on("line", (line) => this.#tape.hear(line));
    await new Promise((resolve) => tap.once("close", resolve));
  }
}
