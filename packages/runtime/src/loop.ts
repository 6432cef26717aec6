/** What the shell needs of the thread it runs on: the scheduler in one process. */
export interface Loop {
  nowMs(): number;
  post(task: () => void | Promise<void>): void;
  at(timeMs: number, task: () => void | Promise<void>): { cancel(): void };
  /** Runs beside what is posted: for what waits for another process. Missing where everything runs one after the other. */
  spawn?(task: () => Promise<void>): void;
}
