/**
 * The person at the terminal: paces the day, shows what is told, and lets a person answer, halt and resume while decision time stands
 * still. Nothing here reaches a decision but by what the person signs.
 */
import type { ApprovalRequest, OrderRejected, PermitIssued } from "@countersign/contracts";
import {
  type Embedded,
  explain,
  type Heard,
  type Recorded,
  readRecord,
  type Told,
  VALIDATORS,
} from "@countersign/platform";
import type { Keyboard } from "../terminal/keyboard.ts";
import type { Screen } from "../terminal/screen.ts";
import { whyTree } from "../why-tree.ts";
import { defaults } from "./defaults.ts";
import { ask, type Deed, type Desk, emptyDesk, press, type Reached, tick } from "./desk.ts";
import { type LineOptions, toldLine } from "./lines.ts";
import { dueMs, type Pace, reanchor } from "./pace.ts";
import { prompt, reasonPrompt } from "./prompt.ts";

export interface AttendantOptions {
  readonly screen: Screen;
  readonly keyboard: Keyboard;
  readonly lines: LineOptions;
  /** Undefined while it cannot be known how long the day is. */
  readonly pace: Pace | undefined;
  /** Throws when the run is to end. */
  readonly check: () => void;
}

export class Attendant {
  /** Whether the person did what changes the records. */
  hasActed = false;
  readonly #o: AttendantOptions;
  #pace: Pace | undefined;
  #desk: Desk = emptyDesk;
  readonly #untold: Told[] = [];
  readonly #records: Recorded[] = [];
  /** By intent key: what waits for a person. */
  readonly #asks = new Map<string, ApprovalRequest>();

  constructor(options: AttendantOptions) {
    this.#o = options;
    this.#pace = options.pace;
  }

  onTold(told: Told): void {
    this.#untold.push(told);
  }

  onRecord(heard: Heard): void {
    this.#records.push(heard);
    const { type } = heard.body;
    if (type === "approval.request") {
      const request = heard.payload as ApprovalRequest;
      if (request.intentKey !== undefined) this.#asks.set(request.intentKey, request);
    }
    if (type === "permit.issued" || type === "order.rejected")
      this.#asks.delete((heard.payload as PermitIssued | OrderRejected).intentKey ?? "");
  }

  /** Until the event at this time of the trace is due. */
  async before(embedded: Embedded, atMs: number): Promise<void> {
    await this.#show(embedded);
    for (let key = this.#o.keyboard.take(); key !== undefined; key = this.#o.keyboard.take())
      await this.#press(embedded, key, atMs);
    while (this.#pace !== undefined && !this.#desk.isFast) {
      const wait = dueMs(this.#pace, atMs) - performance.now();
      if (wait < SHORTEST_WAIT_MS) return;
      const key = await this.#next(Math.min(wait, LONGEST_WAIT_MS));
      if (key !== undefined) await this.#press(embedded, key, atMs);
    }
  }

  async after(embedded: Embedded): Promise<void> {
    await this.#show(embedded);
  }

  /** What was told, in order; at an order that waits, the person is asked. */
  async #show(embedded: Embedded): Promise<void> {
    for (let told = this.#untold.shift(); told !== undefined; told = this.#untold.shift()) {
      const request = told.kind === "WAITING" ? this.#asks.get(told.subject) : undefined;
      if (request !== undefined) await this.#decide(embedded, told, request);
      else this.#o.screen.line(toldLine(told, this.#o.lines));
    }
  }

  async #decide(embedded: Embedded, told: Told, request: ApprovalRequest): Promise<void> {
    const { screen, keyboard, lines } = this.#o;
    keyboard.clear();
    this.#desk = ask(this.#desk, defaults.answerSeconds);
    let nextSecond = performance.now() + 1_000;
    while (this.#desk.mode.kind === "deciding") {
      screen.status(prompt(told, this.#desk.mode.secondsLeft, lines));
      const key = await this.#next(Math.max(0, nextSecond - performance.now()));
      const reached = key === undefined ? tick(this.#desk) : press(this.#desk, key, isHalted(embedded));
      if (key === undefined) nextSecond += 1_000;
      this.#desk = reached.desk;
      if (reached.deed?.kind === "why") this.#explain(embedded, told);
      else if (reached.deed !== undefined) {
        screen.line(toldLine(told, lines));
        await this.#do(embedded, reached.deed, request);
      }
    }
    this.#goOn(embedded.scheduler.nowMs());
  }

  async #press(embedded: Embedded, key: string, atMs: number): Promise<void> {
    await this.#take(embedded, press(this.#desk, key, isHalted(embedded)));
    const { screen } = this.#o;
    const before = this.#desk.mode.kind;
    while (this.#desk.mode.kind === "giving-reason") {
      screen.status(screen.fit(reasonPrompt(this.#desk.mode.text)));
      const next = await this.#next(LONGEST_WAIT_MS);
      if (next !== undefined) await this.#take(embedded, press(this.#desk, next, isHalted(embedded)));
    }
    if (before === "giving-reason") screen.clearStatus();
    await this.#show(embedded);
    this.#goOn(atMs);
  }

  async #take(embedded: Embedded, { desk, deed }: Reached): Promise<void> {
    this.#desk = desk;
    if (deed !== undefined) await this.#do(embedded, deed, undefined);
  }

  /** Each as a step of its own, at the decision time that stands still. */
  async #do(embedded: Embedded, deed: Deed, request: ApprovalRequest | undefined): Promise<void> {
    const { person, scheduler, fence } = embedded;
    if (deed.kind === "let-be" || deed.kind === "why") return;
    this.hasActed = true;
    await scheduler.step(scheduler.nowMs(), async () => {
      if ((deed.kind === "approve" || deed.kind === "reject") && request !== undefined)
        await embedded.personSays(
          person.decision(
            request,
            defaults.account,
            deed.kind === "approve",
            `${deed.kind === "approve" ? "approved" : "rejected"} at the terminal`,
          ),
        );
      if (deed.kind === "halt") await person.halt(HALT_LEVEL, "all", "halted at the terminal", HALT_SERVERS);
      if (deed.kind === "resume") {
        const { halts, epoch } = fence.state();
        const ids = halts.map(({ id }) => id);
        const signed = person.signResume(ids, deed.reason, epoch);
        const { code, text } = await person.resume(ids, deed.reason, [signed], VALIDATORS[0]);
        if (code !== undefined) this.#o.screen.line(` !   the validators refuse the resume: ${text || code}`);
      }
    });
  }

  #explain({ feed }: Embedded, told: Told): void {
    const { screen, lines } = this.#o;
    const quotes = new Map();
    for (const bytes of feed.lastQuotes.values()) {
      const quote = readRecord(bytes);
      if (quote !== undefined) quotes.set(quote.body.msgId, quote.payload);
    }
    const known = explain(told, { records: this.#records, quotes, ledger: [], told: [] });
    for (const line of whyTree(known, lines.style)) screen.line(line);
  }

  async #next(timeoutMs: number): Promise<string | undefined> {
    const key = await this.#o.keyboard.next(timeoutMs);
    this.#o.check();
    return key;
  }

  #goOn(atMs: number): void {
    if (this.#pace !== undefined) this.#pace = reanchor(this.#pace, performance.now(), atMs);
  }
}

function isHalted({ fence }: Embedded): boolean {
  return fence.state().halts.length > 0;
}

/** No new orders: what works at a venue stays, and what is held is held. */
const HALT_LEVEL = 1;
const HALT_SERVERS = ["policy", "execution", ...VALIDATORS];
/** A timer is not more exact than this. */
const SHORTEST_WAIT_MS = 4;
const LONGEST_WAIT_MS = 1_000;
