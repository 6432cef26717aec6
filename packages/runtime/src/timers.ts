/** The timers of an agent, on the loop it runs on. They are rows of its store; here is only what will ring. */
import type { Loop } from "./loop.ts";
import type { TimerRow } from "./store.ts";

export class Timers {
  readonly #loop: Loop;
  readonly #due: (timer: TimerRow) => Promise<void>;
  readonly #handles = new Map<string, { cancel(): void }>();

  constructor(loop: Loop, due: (timer: TimerRow) => Promise<void>) {
    this.#loop = loop;
    this.#due = due;
  }

  /** One per id: setting it again moves it. */
  set(timer: TimerRow): void {
    this.cancel(timer.id);
    const ring = () => {
      this.#handles.delete(timer.id);
      return this.#due(timer);
    };
    this.#handles.set(timer.id, this.#loop.at(timer.dueMs, ring));
  }

  cancel(id: string): void {
    this.#handles.get(id)?.cancel();
    this.#handles.delete(id);
  }

  close(): void {
    for (const handle of this.#handles.values()) handle.cancel();
    this.#handles.clear();
  }
}
