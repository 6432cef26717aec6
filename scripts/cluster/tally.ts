/** What a soak counts, minute by minute, and what it says at the end. Times are of whoever listens. */
import { hasBegun, isSettled, isWhole, type Way, Ways } from "./order-ways.ts";

export interface Verdict {
  /** 0: every order that had its time arrived or ended for a reason; 1: some did not; 3: none had its time. */
  readonly code: 0 | 1 | 3;
  readonly lines: readonly string[];
}

export class Tally {
  readonly ways = new Ways();
  /** How long an order may take. */
  readonly #withinMs: number;
  #counted: Counts = { begun: 0, arrived: 0, ended: 0 };
  /** Of those whose ways are forgotten. */
  #before: Counts = { begun: 0, arrived: 0, ended: 0 };
  #lineMs = Number.NEGATIVE_INFINITY;

  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  /** Since the last line; `open` is now. */
  line(nowMs: number, unauthentic: number): string {
    const begun = this.ways.all().filter(hasBegun);
    const now = sum(this.#before, countsOf(begun));
    const { begun: more, arrived, ended } = difference(now, this.#counted);
    const took = begun
      .filter((way) => isWhole(way) && way.toMs > this.#lineMs)
      .map(({ fromMs, toMs }) => toMs - fromMs);
    const open = begun.filter((way) => !isSettled(way)).length;
    this.#counted = now;
    this.#lineMs = nowMs;
    this.#before = sum(this.#before, countsOf(this.ways.take(nowMs - this.#withinMs).filter(hasBegun)));
    const times = took.length === 0 ? "" : `, p50 ${rank(took, 0.5)} ms, p99 ${rank(took, 0.99)} ms`;
    return `begun ${more}, arrived ${arrived}${times}, ended ${ended}, open ${open}, unauthentic ${unauthentic}`;
  }

  verdict(nowMs: number): Verdict {
    const begun = this.ways.all().filter(hasBegun);
    const counts = sum(this.#before, countsOf(begun));
    const all = `${counts.begun} orders began, ${counts.arrived} arrived, ${counts.ended} ended for a reason`;
    const hadTime = begun.filter(({ fromMs }) => fromMs <= nowMs - this.#withinMs);
    if (this.#before.begun + hadTime.length === 0) return { code: 3, lines: [all, NONE] };
    const lost = hadTime.filter((way) => !isSettled(way));
    if (lost.length === 0) return { code: 0, lines: [all] };
    const within = `${this.#withinMs / 1_000} s`;
    const more = lost.length > LISTED ? [`and ${lost.length - LISTED} more`] : [];
    return {
      code: 1,
      lines: [all, `${lost.length} did not, within ${within}:`, ...lost.slice(0, LISTED).map(line), ...more],
    };
  }
}

interface Counts {
  readonly begun: number;
  readonly arrived: number;
  readonly ended: number;
}

function countsOf(begun: readonly Way[]): Counts {
  const arrived = begun.filter(isWhole).length;
  return { begun: begun.length, arrived, ended: begun.filter(isSettled).length - arrived };
}

function sum(a: Counts, b: Counts): Counts {
  return { begun: a.begun + b.begun, arrived: a.arrived + b.arrived, ended: a.ended + b.ended };
}

/** An order that has arrived is open again with its next fill. */
function difference(a: Counts, b: Counts): Counts {
  return { begun: a.begun - b.begun, arrived: a.arrived - b.arrived, ended: a.ended - b.ended };
}

function line({ intentKey, places, unbooked, fromMs }: Way): string {
  const fills = unbooked > 0 ? `, ${unbooked} fills not booked` : "";
  return `  ${intentKey}, begun ${new Date(fromMs).toISOString()}: as far as ${[...places].at(-1)}${fills}`;
}

/** By nearest rank. */
function rank(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1]!;
}

const LISTED = 20;
const NONE = "no order began early enough to be judged: is the market open, and trading?";
