/**
 * How a process ends, so that nobody who calls it loses anything: (1) its readiness is red, and it answers on until nobody is led to it
 * any more; (2) its door closes: whoever is connected is told to go elsewhere, and what runs is finished; (3) everything else.
 */
import { setTimeout as wait } from "node:timers/promises";

export interface Ending {
  readonly drainMs: number;
  /** 1. */
  endsSoon(): void;
  /** 2. */
  closeDoor(): Promise<void>;
  /** 3. */
  close(): Promise<void>;
  /** From the end of the drain on: nobody may be left to kill it, and its ports are its successor's. */
  tooLate(): void;
}

const END_MS = 8_000;

export async function endInOrder({ drainMs, endsSoon, closeDoor, close, tooLate }: Ending): Promise<void> {
  endsSoon();
  await wait(drainMs);
  setTimeout(tooLate, END_MS).unref();
  await closeDoor();
  await close();
}
