/** An Execution whose venue is the paper exchange as a real process, behind a network that may lose things. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Fill, type OrderReported, OrderStatus } from "@countersign/contracts";
import type { Input } from "@countersign/runtime";
import type { ExecutionReport } from "@countersign/venue-paper";
import { API_KEY, ExchangeProcess } from "@countersign/venue-paper/testing";
import { CutProxy } from "./cut-proxy.ts";
import { Rig } from "./rig.ts";
import {
  type IntentFields,
  instrumentRows,
  intentOf,
  orderOf,
  permitFor,
  quote,
  submitCommand,
  submitOf,
} from "./world.ts";

/** The store and the core as in the Rig, by the wall clock. */
export class NetRig extends Rig {
  override decide(input: Input) {
    this.nowMs = Date.now();
    return super.decide(input);
  }
}

export class NetScene {
  readonly dir: string;
  exchange: ExchangeProcess;
  readonly proxy: CutProxy;
  readonly rig: NetRig;
  #lives = 1;

  private constructor(dir: string, exchange: ExchangeProcess, proxy: CutProxy) {
    this.dir = dir;
    this.exchange = exchange;
    this.proxy = proxy;
    const venue = {
      kind: "network",
      name: "paper",
      url: proxy.url,
      apiKey: () => API_KEY,
      session: "s1",
      earlierForMs: 0,
    } as const;
    this.rig = new NetRig({ venue, nowMs: () => Date.now() });
    this.price();
    this.rig.settle();
  }

  static async open(): Promise<NetScene> {
    const dir = mkdtempSync(join(tmpdir(), "execution-"));
    const exchange = await ExchangeProcess.start({ dir, instruments: instrumentRows });
    return new NetScene(dir, exchange, await CutProxy.to(exchange.port));
  }

  get isReady(): boolean {
    const { line } = this.rig.execution;
    return line !== undefined && line.whyNot() === undefined;
  }

  async ready(): Promise<void> {
    await this.until(() => this.isReady);
  }

  async restartExchange(): Promise<void> {
    await this.exchange.kill();
    this.exchange = await ExchangeProcess.start({ dir: this.dir, instruments: instrumentRows });
    this.proxy.port = this.exchange.port;
  }

  restartExecution(): void {
    this.rig.restart(`s${++this.#lives}`);
    this.price();
    this.rig.settle();
  }

  /** A permitted order, decided upon; its client order id. It is on its way when the rig has settled. */
  accept(intentKey: string, fields: IntentFields = {}): string {
    const intent = intentOf({ intentKey, ...fields });
    const permit = permitFor(intent, { expiresAtMs: Date.now() + 10_000 });
    this.rig.decide(submitCommand(submitOf(intent, { permit })));
    return orderOf(intent).clientOrderId;
  }

  submit(intentKey: string, fields: IntentFields = {}): string {
    const id = this.accept(intentKey, fields);
    this.rig.settle();
    return id;
  }

  /** "FILLED", or "REJECTED HALTED" where there is a code. */
  outcomes(clientOrderId: string): string[] {
    return this.reports(clientOrderId).map(({ status, code }) => `${STATUS[status ?? 0]}${code ? ` ${code}` : ""}`);
  }

  reports(clientOrderId: string): OrderReported[] {
    return this.rig.said<OrderReported>("order.reported").filter((said) => said.clientOrderId === clientOrderId);
  }

  /** Execution ids, as the core published its fills. */
  get fills(): string[] {
    return this.rig.said<Fill>("order.filled").map(({ executionId }) => executionId ?? "");
  }

  /** The exchange's own record. */
  get record(): ExecutionReport[] {
    const lines = readFileSync(join(this.dir, "record.jsonl"), "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line.slice(9)));
  }

  trades(): string[] {
    return this.record.filter(({ execType }) => execType === "TRADE").map(({ execID }) => String(execID));
  }

  /** The gate has seen a price of its own. */
  price(): void {
    this.rig.quote(quote("AAPL", 19_010, 19_020, 60, Date.now()));
  }

  async until(isSo: () => boolean, withinMs = 8_000): Promise<void> {
    const endMs = Date.now() + withinMs;
    while (!isSo()) {
      if (Date.now() > endMs) throw new Error(`it did not happen within ${withinMs} ms: ${isSo}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async close(): Promise<void> {
    this.rig.kill();
    await this.proxy.close();
    await this.exchange.kill();
    rmSync(this.dir, { recursive: true });
  }
}

const STATUS = Object.fromEntries(Object.entries(OrderStatus).map(([name, value]) => [value, name]));
