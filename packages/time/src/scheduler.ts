/**
 * The deterministic scheduler: the one thread on which the embedded platform runs.
 *
 * Rules:
 * 1. Everything that happens is a task; tasks run one at a time, each to its end (transactions, calls and publications awaited)
 *    before the next. So a slow database, a busy machine or another date changes nothing but the wall time.
 * 2. Tasks posted now run in the order they were posted; tasks with a time run in the order of (time, order of scheduling).
 * 3. A *step* is one input from outside, such as a quote, with all that follows from it. Timers due before the input's time are steps of
 *    their own, first. At the end of a step the `onStepEnd` hooks run in order of registration; what they post still belongs to the step.
 * 4. Decision time is the time of the running step; it never goes back.
 */

import type { Clock } from "./clock.ts";
import { Heap } from "./heap.ts";

type Task = () => void | Promise<void>;

interface TimedTask {
  readonly timeMs: number;
  readonly order: number;
  readonly task: Task;
  cancelled: boolean;
}

export interface TimerHandle {
  cancel(): void;
}

export class Scheduler implements Clock {
  #nowMs: number;
  #order = 0;
  #stepping = false;
  #queue: Task[] = [];
  #head = 0;
  readonly #timers = new Heap<TimedTask>((a, b) => a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order));
  readonly #stepEnds: Task[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Runs after everything posted before it, at the same decision time. */
  post(task: Task): void {
    this.#queue.push(task);
  }

  /** Runs as a step of its own, once decision time has reached `timeMs`. */
  at(timeMs: number, task: Task): TimerHandle {
    const timer: TimedTask = { timeMs, order: this.#order++, task, cancelled: false };
    this.#timers.push(timer);
    return {
      cancel: () => {
        timer.cancelled = true;
      },
    };
  }

  onStepEnd(task: Task): void {
    this.#stepEnds.push(task);
  }

  /** Runs the timers due up to `timeMs`, each as a step, then `input` as a step at `timeMs`. */
  async step(timeMs: number, input: Task): Promise<void> {
    const timer = this.#timers.peek();
    if (timer !== undefined && timer.timeMs <= timeMs) await this.advanceTo(timeMs);
    await this.#run(timeMs, input);
  }

  /** Runs the timers due up to `timeMs` and moves decision time there. */
  async advanceTo(timeMs: number): Promise<void> {
    for (let timer = this.#timers.peek(); timer !== undefined && timer.timeMs <= timeMs; timer = this.#timers.peek()) {
      this.#timers.pop();
      if (!timer.cancelled) await this.#run(timer.timeMs, timer.task);
    }
    if (timeMs > this.#nowMs) this.#nowMs = timeMs;
  }

  async #run(timeMs: number, input: Task): Promise<void> {
    if (this.#stepping) throw new Error("a step inside a step: post() what follows instead");
    this.#stepping = true;
    try {
      if (timeMs > this.#nowMs) this.#nowMs = timeMs;
      const running = input();
      if (running !== undefined) await running;
      await this.#drain();
      for (const task of this.#stepEnds) {
        const ending = task();
        if (ending !== undefined) await ending;
        if (this.#queue.length > this.#head) await this.#drain();
      }
    } finally {
      this.#stepping = false;
    }
  }

  async #drain(): Promise<void> {
    while (this.#head < this.#queue.length) {
      const task = this.#queue[this.#head++]!;
      const running = task();
      // Only a task that waits for something costs a turn of the event loop: most of them fold one quote and return.
      if (running !== undefined) await running;
    }
    this.#queue = [];
    this.#head = 0;
  }
}
