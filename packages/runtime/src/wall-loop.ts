/**
 * The loop of a process that lives by the wall clock. Tasks run one at a time, in the order they were posted; decision time is the
 * machine's clock, kept from going back.
 *
 * A task that fails for want of an engine (database, broker, another process) is tried again, for ever, before the next one: what it
 * carries, such as a fill, has no other way in. Anything else is a broken invariant: it is handed to `onBroken`, who ends the process.
 */
import { setTimeout as wait } from "node:timers/promises";
import { isTransient } from "./transient.ts";

type Task = () => void | Promise<void>;

export interface WallLoopOptions {
  /** Called once; after it the loop runs nothing any more. */
  readonly onBroken: (error: unknown) => void;
  readonly now?: () => number;
}

const RETRY_BASE_MS = 50;
const RETRY_MAX_MS = 2_000;
/** setTimeout's own limit is 2^31 − 1 ms. */
const SLEEP_MAX_MS = 2 ** 31 - 1;

export class WallLoop {
  readonly #onBroken: (error: unknown) => void;
  readonly #now: () => number;
  readonly #queue: Task[] = [];
  readonly #handles = new Set<NodeJS.Timeout>();
  #latestMs = 0;
  #tryBegan: number | undefined;
  #isRunning = false;
  #isClosed = false;
  #idle: (() => void)[] = [];

  constructor({ onBroken, now = Date.now }: WallLoopOptions) {
    this.#onBroken = onBroken;
    this.#now = now;
  }

  /** Decision time, ms since 1970. A clock that is set back stands still until it has caught up. */
  nowMs(): number {
    this.#latestMs = Math.max(this.#latestMs, this.#now());
    return this.#latestMs;
  }

  /** How long the present try of the present task lasts, ms; 0 when nothing runs. One that waits for an engine begins anew each time. */
  get taskMs(): number {
    return this.#tryBegan === undefined ? 0 : performance.now() - this.#tryBegan;
  }

  post(task: Task): void {
    if (this.#isClosed) return;
    this.#queue.push(task);
    if (!this.#isRunning) void this.#run();
  }

  /** Runs beside what is posted. */
  spawn(task: () => Promise<void>): void {
    this.#insist(task).catch((error: unknown) => {
      if (!this.#isClosed) this.#break(error);
    });
  }

  /** Posts the task when decision time has reached `timeMs`. */
  at(timeMs: number, task: Task): { cancel(): void } {
    let handle: NodeJS.Timeout | undefined;
    const arm = () => {
      const left = timeMs - this.nowMs();
      handle = setTimeout(
        () => {
          this.#handles.delete(handle!);
          if (this.nowMs() < timeMs) arm();
          else this.post(task);
        },
        Math.min(Math.max(left, 0), SLEEP_MAX_MS),
      );
      this.#handles.add(handle);
    };
    arm();
    return {
      cancel: () => {
        clearTimeout(handle);
        if (handle !== undefined) this.#handles.delete(handle);
      },
    };
  }

  /** Posts the task now and every `periodMs` after it has ended. */
  every(periodMs: number, task: Task): void {
    const again = async () => {
      await task();
      this.at(this.nowMs() + periodMs, again);
    };
    this.post(again);
  }

  /** Resolves when nothing waits. */
  idle(): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** What runs is finished; what waits is dropped: it is in a store, or was never promised. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const handle of this.#handles) clearTimeout(handle);
    this.#handles.clear();
    this.#queue.length = 0;
    await this.idle();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let task = this.#queue.shift(); task !== undefined; task = this.#queue.shift()) {
      try {
        await this.#insist(task, () => {
          this.#tryBegan = performance.now();
        });
      } catch (error) {
        this.#break(error);
      }
    }
    this.#tryBegan = undefined;
    this.#isRunning = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #break(error: unknown): void {
    this.#isClosed = true;
    this.#queue.length = 0;
    this.#onBroken(error);
  }

  async #insist(task: Task, onTry: () => void = () => {}): Promise<void> {
    for (let tries = 0; ; tries++) {
      onTry();
      try {
        return await task();
      } catch (error) {
        if (!isTransient(error) || this.#isClosed) throw error;
        await wait(Math.min(RETRY_BASE_MS * 2 ** tries, RETRY_MAX_MS));
      }
    }
  }
}
