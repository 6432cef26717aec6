/** For tests: the exchange as a real process on a free port of this machine, with a market that the test makes. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { NewOrderSingle } from "../wire.ts";

export const API_KEY = "key-of-main";
/** Reads account `main`, and can neither place nor cancel. */
export const READ_KEY = "reader-of-main";

const KEYS = { [API_KEY]: "main", [READ_KEY]: { account: "main", readOnly: true }, "key-of-other": "other" };

export interface ExchangeProcessOptions {
  readonly dir: string;
  /** Rows of an instruments file. */
  readonly instruments: readonly object[];
  /** Port of 127.0.0.1; any free one when left out. */
  readonly port?: number;
  readonly heartbeatMs?: number;
}

export class ExchangeProcess {
  readonly url: string;
  readonly port: number;
  readonly lastExecID: number;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #notes: () => string;
  #seq: number;

  private constructor(
    child: ChildProcessWithoutNullStreams,
    { url, lastExecID }: { url: string; lastExecID: number },
    notes: () => string,
  ) {
    this.#child = child;
    this.url = url;
    this.port = Number(new URL(url).port);
    this.lastExecID = lastExecID;
    this.#notes = notes;
    // Sequence numbers of a market never go back, whoever reads it.
    this.#seq = Date.now() * 1_000;
  }

  /** Resolves when it listens; rejects with what it said when it does not start. */
  static async start({ dir, instruments, port = 0, heartbeatMs = 100 }: ExchangeProcessOptions) {
    mkdirSync(dir, { recursive: true });
    const files = { instruments: join(dir, "instruments.json"), keys: join(dir, "keys.json") };
    writeFileSync(files.instruments, JSON.stringify(instruments));
    writeFileSync(files.keys, JSON.stringify(KEYS));
    const main = fileURLToPath(new URL("./main.ts", import.meta.url));
    const listen = `127.0.0.1:${port}`;
    const args = ["--dir", dir, "--listen", listen, "--instruments", files.instruments, "--keys", files.keys];
    const child = spawn(process.execPath, [main, ...args, "--heartbeat-ms", `${heartbeatMs}`]);
    let notes = "";
    child.stderr.on("data", (data) => {
      notes += data;
    });
    // A market that is written to an exchange that was killed is lost.
    child.stdin.on("error", () => {});
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once("line", resolve);
      child.once("close", (code) => reject(new Error(`the exchange ended with ${code}: ${notes.trim()}`)));
    });
    return new ExchangeProcess(child, JSON.parse(line), () => notes);
  }

  /** What it said on standard error. */
  get notes(): string {
    return this.#notes();
  }

  /** One quote; prices and sizes as decimals. */
  quote(symbol: string, bid: string, ask: string, size = "1000"): void {
    const seq = `${++this.#seq}`;
    const ref = { seq, msgId: `quote-${seq}`, digest: "ab".repeat(32) };
    const line = { symbol, timeMs: Date.now(), bid, ask, bidSize: size, askSize: size, ...ref };
    this.#child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  /** kill -9, and gone. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** SIGSTOP: it holds its connections and says nothing. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child.kill("SIGCONT");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once("close", () => resolve()));
    this.#child.kill(signal);
    await gone;
  }
}

/** A good order for account `main`, 10 at 100.00 or better, good for three seconds. */
export function newOrder(over: Partial<NewOrderSingle> = {}): NewOrderSingle {
  const attribution = { venue: "paper", mode: "paper", proposer: "portfolio", principal: "ann" } as const;
  return {
    clOrdID: "c1",
    account: "main",
    symbol: "T",
    side: "BUY",
    orderQty: "10",
    ordType: "LIMIT",
    price: "100.00",
    minPx: "1.00",
    maxPx: "1000.00",
    timeInForce: "GTC",
    validUntilMs: Date.now() + 3_000,
    reduceOnly: false,
    attribution: { ...attribution, parent: "k", intentKey: "k" },
    ...over,
  };
}
