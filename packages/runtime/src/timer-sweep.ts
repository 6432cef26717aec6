/**
 * Rings the timers that are overdue in the table: those of a replica that died before it could. To be run from time to time by each
 * replica; that two ring one is no harm, since a timer's inbox row lets one of them through.
 */
import type { Store, TimerRow } from "./store.ts";

/** Whoever set a timer rings it by itself; after so long it does not any more. */
const GRACE_MS = 2_000;

export class TimerSweep {
  readonly #store: Store;
  readonly #ring: (timer: TimerRow) => Promise<void>;
  /** Rung and still in the table: nothing came of them, and nothing will. */
  #rung = new Set<string>();

  constructor(store: Store, ring: (timer: TimerRow) => Promise<void>) {
    this.#store = store;
    this.#ring = ring;
  }

  /** @param nowMs decision time. What `ring` throws comes through, and that timer is rung again the next time. */
  async run(nowMs: number): Promise<void> {
    const overdue = await this.#store.timers(nowMs - GRACE_MS);
    const names = new Set(overdue.map(nameOf));
    this.#rung = new Set([...this.#rung].filter((name) => names.has(name)));
    for (const timer of overdue) {
      if (this.#rung.has(nameOf(timer))) continue;
      await this.#ring(timer);
      this.#rung.add(nameOf(timer));
    }
  }
}

/** One that was set again, for another time, is another timer. */
function nameOf({ id, dueMs }: TimerRow): string {
  return `${dueMs} ${id}`;
}
