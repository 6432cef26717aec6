/**
 * The line to a venue elsewhere: its user stream, and what has to be asked because the stream may drop.
 *
 * 1. Everything the core hears of working orders comes in the venue's own order: by the stream while it is up; after it was down first
 *    the executions since the last one held, then how the orders asked about stand, then what the stream has brought meanwhile.
 * 2. An execution is passed on once in the life of this process, and `executedThrough` goes with it into the core's transaction, so that
 *    the next process asks for those after it.
 * 3. Between a stream that dropped and a core that has taken the answer, nothing is written: `isReady` says so at once.
 * 4. While it is up, looks.ts lays what the venue holds beside it.
 * 5. An order is said to be unknown only at a venue time after which no request that might still be on its way would be taken. One that
 *    was said to be unknown is not written afterwards.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionReport } from "@countersign/venue-paper";
import type { Asked, EdgeInput, Reconciled, VenueReport } from "../../core/edge-input.ts";
import { toVenueReport } from "../reports.ts";
import { type Answer, NoAnswerError, type VenueAddress, VenueClient } from "./client.ts";
import { Looks } from "./looks.ts";
import { Pump } from "./pump.ts";
import { ANSWER_MS_MAX, lookUp, noAnswer, type OrderRequest, POLL_MS, Submits } from "./submits.ts";
import { openUserStream } from "./user-stream.ts";

export interface LineOptions extends VenueAddress {
  /** The venue's name, as intends name it. */
  readonly name: string;
  /** No request of an earlier process is valid after this, by the venue's clock: one window after the last that it could write, ms. */
  readonly earlierUntilMs: number;
}

export class NetworkLine {
  readonly #options: LineOptions;
  readonly #client: VenueClient;
  readonly #pump = new Pump();
  readonly #submits: Submits;
  readonly #looks: Looks;
  readonly #canceling = new Set<string>();
  readonly #givenUp = new Set<string>();
  #asked: Asked | undefined;
  /** Of the user stream that is up: counts connections, so that what belonged to an earlier one is dropped. */
  #connection = 0;
  #stream: { close(why?: string): void } | undefined;
  /** While the core is not told yet how things stand: what the stream has brought. */
  #held: ExecutionReport[] | undefined = [];
  #executedThrough = 0;
  #isReady = false;
  #isClosed = false;
  #failures = 0;
  #trouble = "the venue has not been asked yet";

  constructor(options: LineOptions) {
    this.#options = options;
    this.#client = new VenueClient(options);
    this.#looks = new Looks({
      venue: options.name,
      get: (path) => this.#get(path),
      put: (look, taken) => this.#pump.put({ name: "looked", data: look }, taken),
      nowMs: () => performance.now(),
      noAnswer: (error) => this.#note(error),
      onLost: (why) => this.#stream?.close(why),
    });
    this.#submits = new Submits(this.#client, (report, execID) => {
      if (execID !== undefined) this.#looks.passed(execID);
      this.#pump.report([report]);
    });
  }

  isReady(): boolean {
    return this.#isReady;
  }

  whyNot(): string | undefined {
    return this.#isReady ? undefined : this.#trouble;
  }

  connect(take: (news: EdgeInput) => Promise<void>, failed: (error: unknown) => void): void {
    this.#pump.connect(take, (error) => {
      this.close();
      failed(error);
    });
  }

  /** Opens the stream the first time; the answer is `reconciled`. */
  reconcile(asked: Asked): void {
    this.#asked = asked;
    if (this.#stream === undefined && this.#connection === 0) this.#open();
  }

  /** Asks how the account stands; the answer is `looked`. While the line is not ready, what happened is being asked for anyway. */
  look(): void {
    if (this.#isReady) this.#looks.look();
  }

  /** Writes it before it returns. */
  submit(request: OrderRequest): readonly VenueReport[] {
    const { clientOrderId } = request;
    if (this.#givenUp.has(clientOrderId)) return [{ type: "rejected", clientOrderId, code: "GIVEN_UP" }];
    this.#submits.write(request);
    return [];
  }

  /** Asked until it is answered: a cancel may be repeated. That it was canceled is the user stream's to tell, after all executions. */
  cancel(clientOrderId: string): void {
    if (this.#canceling.has(clientOrderId)) return;
    this.#canceling.add(clientOrderId);
    this.#cancel(clientOrderId).then((rejected) => {
      this.#canceling.delete(clientOrderId);
      if (rejected !== undefined) this.#pump.report([rejected]);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#isReady = false;
    this.#connection += 1;
    this.#stream?.close();
    this.#submits.close();
    this.#pump.close();
    this.#client.close();
  }

  #open(): void {
    if (this.#isClosed) return;
    const connection = ++this.#connection;
    const isCurrent = () => connection === this.#connection;
    this.#held = [];
    this.#looks.reset();
    this.#stream = openUserStream(this.#options, SILENCE_MS_MAX, {
      onUp: (lastExecID) => {
        if (isCurrent()) this.#answer(connection, lastExecID).catch((error: unknown) => this.#break(error));
      },
      onReport: (report) => {
        if (!isCurrent()) return;
        if (this.#held !== undefined) this.#held.push(report);
        else this.#onStreamed(report);
      },
      onDown: (why) => {
        this.#trouble = `the user stream is down: ${why}`;
        if (isCurrent()) this.#onDown();
      },
    });
  }

  #onDown(): void {
    this.#connection += 1;
    // Before anybody hears of it: rule 3.
    this.#isReady = false;
    // The core has taken an answer, or is about to: it has to ask anew.
    if (this.#asked === undefined) this.#pump.put({ name: "disconnected", data: {} });
    const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.#failures++);
    // Half of it by chance: many who lost one venue do not come back in step.
    setTimeout(() => this.#open(), backoffMs * (0.5 + Math.random() / 2));
  }

  /** Rule 1. Tried again as long as this connection is up: a request may fail while the stream does not. */
  async #answer(connection: number, lastExecID: number): Promise<void> {
    const isCurrent = () => connection === this.#connection;
    while (isCurrent()) {
      const asked = this.#asked;
      const reconciled = asked && (await this.#ask(asked, lastExecID, isCurrent).catch((error) => this.#note(error)));
      if (!isCurrent()) return;
      if (asked === undefined || reconciled === undefined || asked !== this.#asked) {
        await sleep(POLL_MS);
        continue;
      }
      this.#asked = undefined;
      this.#failures = 0;
      const held = this.#held ?? [];
      this.#held = undefined;
      this.#pump.put({ name: "reconciled", data: reconciled }, () => {
        if (isCurrent()) this.#isReady = true;
      });
      this.#looks.begin(lastExecID);
      for (const report of held) this.#onStreamed(report);
      return;
    }
  }

  async #ask(
    { clientOrderIds, executedThrough }: Asked,
    lastExecID: number,
    isCurrent: () => boolean,
  ): Promise<Reconciled | undefined> {
    const known = Number(executedThrough[this.#options.name] ?? 0);
    this.#executedThrough = Math.max(this.#executedThrough, known);
    for (let more = true; more; ) {
      const page = await this.#get(`/v1/executions?since=${this.#executedThrough}`);
      if (!isCurrent()) return undefined;
      for (const report of page.executions as ExecutionReport[]) this.#onReport(report); // P12.executions
      more = page.more === true;
    }
    const open = (await this.#get("/v1/orders")).orders as ExecutionReport[];
    const orders: Reconciled["orders"][number][] = [];
    for (const clientOrderId of clientOrderIds) {
      await this.#submits.settled(clientOrderId);
      const reports = await this.#standing(clientOrderId, isCurrent);
      if (!isCurrent()) return undefined;
      if (reports === null) this.#givenUp.add(clientOrderId);
      // Executions have been passed on; what is later than the stream comes by the stream.
      const earlier = reports?.filter(({ execType, execID }) => execType !== "TRADE" && execID <= lastExecID);
      orders.push({ clientOrderId, reports: earlier?.map(toVenueReport) ?? null }); // P12.adopt
    }
    const strays = open.map(({ clOrdID }) => clOrdID).filter((id) => !clientOrderIds.includes(id));
    return { orders, strays };
  }

  /** Null: it is not known, and never will be. */
  async #standing(clientOrderId: string, isCurrent: () => boolean): Promise<readonly ExecutionReport[] | null> {
    for (;;) {
      const { reports, timeMs } = await lookUp(this.#client, clientOrderId);
      if (reports.length > 0) return reports;
      if (timeMs > this.#options.earlierUntilMs || !isCurrent()) return null;
      await sleep(POLL_MS);
    }
  }

  #onStreamed(report: ExecutionReport): void {
    this.#onReport(report);
    this.#looks.heard(report.execID);
  }

  #onReport(report: ExecutionReport): void {
    const { execID, execType } = report;
    this.#looks.passed(execID);
    const isTrade = execType === "TRADE";
    if (isTrade && execID <= this.#executedThrough) return;
    if (isTrade) this.#executedThrough = execID;
    const through = isTrade ? { venue: this.#options.name, executionId: String(execID) } : undefined;
    this.#pump.report([toVenueReport(report)], through);
  }

  /** Undefined when it is canceled, or when there is nobody any more to tell. */
  async #cancel(clientOrderId: string): Promise<VenueReport | undefined> {
    // A cancel that overtakes its order would find nothing to cancel.
    await this.#submits.settled(clientOrderId);
    const path = `/v1/orders/${encodeURIComponent(clientOrderId)}`;
    while (!this.#isClosed) {
      const answer = await this.#client.request("DELETE", path, { deadlineMs: ANSWER_MS_MAX }).catch(noAnswer);
      if (answer?.status === 200) return undefined;
      const { cxlRejReason } = (answer?.body.reject ?? {}) as { cxlRejReason?: string };
      if (cxlRejReason !== undefined) return { type: "cancelRejected", clientOrderId, code: cxlRejReason };
      await sleep(POLL_MS);
    }
    return undefined;
  }

  async #get(path: string): Promise<Answer["body"]> {
    const { status, body } = await this.#client.request("GET", path, { deadlineMs: ANSWER_MS_MAX });
    if (status !== 200) throw new NoAnswerError("BAD_ANSWER", `GET ${path}: ${status}`);
    return body;
  }

  #note(error: unknown): undefined {
    noAnswer(error);
    this.#trouble = `the venue does not answer: ${(error as NoAnswerError).message}`;
  }

  /** Not a failure of the network: what the venue says makes no sense to us. */
  #break(error: unknown): void {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Three of the venue's heartbeats. */
const SILENCE_MS_MAX = 3_000;
const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 2_000;
