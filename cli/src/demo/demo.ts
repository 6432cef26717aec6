/** `countersign demo`: a day of real prices through the whole platform, watched. */

import { writeFileSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import {
  buildReport,
  cloneFile,
  type MarketEvent,
  type Report,
  type RunHooks,
  type RunResult,
  runDay,
  startWatchdog,
  type Told,
  writeRunFolder,
} from "@countersign/platform";
import type { Caller } from "../caller.ts";
import { exitCodes, Interrupted } from "../failure.ts";
import { Keyboard } from "../terminal/keyboard.ts";
import { Screen } from "../terminal/screen.ts";
import { Alerts } from "./alerts.ts";
import { Attendant } from "./attendant.ts";
import { defaults } from "./defaults.ts";
import { endingLines } from "./ending.ts";
import { alertLine, type LineOptions, toldLine } from "./lines.ts";
import { Opening } from "./opening.ts";
import { type Demo, type DemoFlags, demoOptions } from "./options.ts";
import { type Pace, paceOf } from "./pace.ts";
import { isHeadOfReadme } from "./readme.ts";
import { spanOf } from "./span.ts";
import type { Window } from "./window.ts";

/** Returns the exit code. */
export async function demo(flags: DemoFlags, caller: Caller): Promise<number> {
  using screen = new Screen(process.stdout);
  const isAttended = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const plan = await demoOptions(flags, caller);
  screen.line(
    screen.style.paint("bold", "countersign demo · REPLAY · no account, no network, nothing leaves your machine"),
  );
  screen.line(plan.headline);
  for (const notice of plan.notices) screen.line(`note: ${notice}`);
  using stop = new Stop();
  using keyboard = isAttended ? new Keyboard(process.stdin, () => stop.ask()) : undefined;
  await using watchdog = startWatchdog({ strategies: plan.run.strategies.map(({ id }) => id) });
  const show = new Show(plan, screen, stop, keyboard, isAttended ? await paceFor(plan) : undefined);
  const run = { ...plan.run, watch: watchdog.watch, events: show.follow(plan.run.events) };
  const running = runDay(run, show.hooks, (result) => keep(result, plan, show));
  const ended = await running.catch((error: unknown) => stop.rethrow(error));
  for (const line of show.lastLines(ended)) screen.line(line);
  const { tried, refused } = ended.report.intruder;
  return tried === refused ? exitCodes.ok : exitCodes.failed;
}

interface Ended {
  readonly report: Report;
  readonly run: number;
  readonly told: readonly Told[];
}

async function keep(result: RunResult, plan: Demo, show: Show): Promise<Ended> {
  const report = await buildReport(result, plan.run.traded);
  const facts = plan.facts(show.seen);
  const run = await writeRunFolder(result, { runsDir: cloneFile(defaults.runs), facts, report, limits: plan.limits });
  if (plan.jsonFile !== undefined) writeFileSync(plan.jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  return { report, run, told: result.narrator.all };
}

/** The default window takes its minute; of a whole trace somebody has to look first where it ends. */
async function paceFor(plan: Demo): Promise<Pace> {
  const { fromMs, toMs } = plan.window;
  const window = fromMs !== undefined && toMs !== undefined ? { fromMs, toMs } : await spanOf(plan.market, plan.window);
  return paceOf(window, defaults.demoSeconds / plan.speed, performance.now());
}

/** Ctrl-C, as a signal or as a key; the second one does not wait. */
class Stop implements Disposable {
  isAsked = false;
  readonly #onSignal = () => this.ask();

  constructor() {
    process.on("SIGINT", this.#onSignal);
  }

  ask(): void {
    if (this.isAsked) process.exit(exitCodes.interrupted);
    this.isAsked = true;
  }

  check(): void {
    if (this.isAsked) throw new Interrupted();
  }

  /** Ctrl-C in a terminal ends what we started, too: initdb's failure is then the person's wish. A signal is heard in the next turn. */
  async rethrow(error: unknown): Promise<never> {
    await turn();
    this.check();
    throw error;
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#onSignal);
  }
}

/** Everything that is shown while the day runs. */
class Show {
  readonly hooks: RunHooks;
  readonly #plan: Demo;
  readonly #screen: Screen;
  readonly #stop: Stop;
  readonly #alerts = new Alerts();
  readonly #attendant: Attendant | undefined;
  readonly #lines: LineOptions;
  #seen: Window | undefined;
  #turnedMs = 0;

  constructor(plan: Demo, screen: Screen, stop: Stop, keyboard: Keyboard | undefined, pace: Pace | undefined) {
    this.#plan = plan;
    this.#screen = screen;
    this.#stop = stop;
    this.#lines = { style: screen.style, withTime: plan.market.isWithinADay };
    const check = () => stop.check();
    this.#attendant =
      keyboard === undefined ? undefined : new Attendant({ screen, keyboard, lines: this.#lines, pace, check });
    this.hooks = this.#makeHooks();
  }

  /** Of the events that went by, warm-up apart. */
  get seen(): Window {
    return this.#seen ?? { fromMs: 0, toMs: 0 };
  }

  #makeHooks(): RunHooks {
    const attendant = this.#attendant;
    const opening = new Opening();
    let isOpen = false;
    return {
      onTold: (told) =>
        attendant === undefined ? this.#screen.line(toldLine(told, this.#lines)) : attendant.onTold(told),
      onRecord: (heard) => {
        if (!isOpen) opening.hear(heard);
        attendant?.onRecord(heard);
      },
      onAlert: (agent, code, text) => {
        if (this.#alerts.hear(agent, code)) this.#screen.line(alertLine(agent, text, this.#lines));
      },
      beforeEvent: async (embedded, atMs) => {
        this.#seen = { fromMs: this.#seen?.fromMs ?? atMs, toMs: atMs };
        if (!isOpen) {
          isOpen = true;
          this.#screen.line(await opening.line(embedded, performance.now() / 1000));
          if (attendant !== undefined) this.#screen.line(this.#screen.style.paint("dim", KEYS));
        }
        await this.#breathe();
        await attendant?.before(embedded, atMs);
      },
      ...(attendant && { afterEvent: (embedded) => attendant.after(embedded) }),
    };
  }

  /** Also while the views warm up, a run can be stopped. */
  async *follow(events: AsyncIterable<readonly MarketEvent[]>): AsyncGenerator<readonly MarketEvent[]> {
    for await (const batch of events) {
      await this.#breathe();
      yield batch;
    }
  }

  lastLines({ report, run, told }: Ended): readonly string[] {
    const { market, isDefault } = this.#plan;
    const isUntouched = isDefault && this.#attendant?.hasActed !== true;
    const isAsInReadme = isUntouched && isHeadOfReadme(report.auditHead);
    const counts = [...(market.trace?.counts().values() ?? [])];
    const hasDropped = counts.some(
      ({ dropped, roundedPrices }) => roundedPrices > 0 || Object.values(dropped).some((n) => n > 0),
    );
    return [
      ...this.#alerts.rest().map((line) => `alert ${line}`),
      ...(hasDropped ? (market.trace?.report() ?? []).map((line) => `market ${line}`) : []),
      ...endingLines({ report, told, run, isAsInReadme }),
    ];
  }

  /** A turn of the event loop now and then: folding quotes costs none, and a key or a signal would wait for ever. */
  async #breathe(): Promise<void> {
    if (performance.now() - this.#turnedMs < TURN_MS) return;
    await turn();
    this.#turnedMs = performance.now();
    this.#stop.check();
  }
}

const TURN_MS = 50;
const KEYS = "keys: f run on · h halt · Ctrl-C stop";
