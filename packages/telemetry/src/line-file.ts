import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { TelemetryError } from "./error.ts";

/**
 * Lines into a file or standard output, each written before `write` returns. It never throws, and for the
 * reader of a pipe it waits 10 ms at most: what cannot be written is lost. (pino's own destination tries for ever to flush `fatal` to a full disk, and the process hangs instead of ending.)
 */
export class LineFile {
  readonly #fd: number;
  #isCut = false;

  /** @throws TelemetryError FILE_UNUSABLE */
  constructor(path: string | undefined) {
    try {
      this.#fd = path === undefined ? standardOutput() : openSync(path, APPEND);
    } catch (cause) {
      throw new TelemetryError("FILE_UNUSABLE", `logs: ${path} cannot be written`, { cause });
    }
  }

  write(line: string): void {
    let rest: Buffer = Buffer.from(this.#isCut ? `\n${line}` : line);
    const length = rest.length;
    for (let tries = 0; rest.length > 0 && tries < TRIES_MAX; tries++) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
      } catch (error) {
        // A pipe whose reader is behind.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") break;
        Atomics.wait(NOTHING, 0, 0, 1);
      }
    }
    if (rest.length < length) this.#isCut = rest.length > 0;
  }
}

/** A pipe is opened once more, for us alone: whoever shares it keeps its way of waiting. A socket cannot be, and its reader can hold us up. */
function standardOutput(): number {
  try {
    if (fstatSync(STANDARD_OUTPUT).isFIFO()) return openSync("/proc/self/fd/1", O_WRONLY | O_NONBLOCK);
  } catch {
    // Not on Linux.
  }
  return STANDARD_OUTPUT;
}

const STANDARD_OUTPUT = 1;
const { O_WRONLY, O_CREAT, O_APPEND, O_NONBLOCK } = constants;
const APPEND = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK;
const TRIES_MAX = 10;
const NOTHING = new Int32Array(new SharedArrayBuffer(4));
