/**
 * The exchange's durable record: one file, to which lines are appended and never changed.
 *
 * 1. A line is `CRC-32 of the JSON, 8 hex digits`, a space, the JSON of an execution report, a newline. Line n is the report with execID n.
 * 2. `append` returns when the lines are on the disk (fdatasync). Nothing is told to anybody before.
 * 3. A last line that a crash tore is cut off when the file is opened, with a note: nobody was told of it. Damage before it is no
 *    crash's work, and the record is not opened.
 * 4. One process has it open.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import type { ExecutionReport } from "../wire.ts";
import { ExchangeError } from "./error.ts";

export class ExchangeRecord {
  readonly #fd: number;
  readonly #lock: string;
  /** Where every 64th line begins: a bounded read finds any. */
  readonly #marks: number[] = [];
  #lines = 0;
  #bytes = 0;

  private constructor(fd: number, lock: string) {
    this.#fd = fd;
    this.#lock = lock;
  }

  /**
   * Opens the record of this folder, or begins one, and gives `replay` each report in it. `note` is told, in words, of a torn line.
   * Throws ExchangeError `RECORD_DAMAGED`, `RECORD_IN_USE`.
   */
  static open(
    dir: string,
    on: { readonly replay: (report: ExecutionReport) => void; readonly note: (text: string) => void },
  ): ExchangeRecord {
    mkdirSync(dir, { recursive: true });
    const file = join(dir, "record.jsonl");
    const lock = takeLock(join(dir, "record.lock"));
    const fd = openSync(file, "a+");
    syncFolder(dirname(file));
    const record = new ExchangeRecord(fd, lock);
    try {
      record.#replay(file, on);
    } catch (error) {
      record.close();
      throw error;
    }
    return record;
  }

  /** Reports held; the execID of the last. */
  get length(): number {
    return this.#lines;
  }

  append(reports: readonly ExecutionReport[]): void {
    const lines = reports.map((report) => Buffer.from(lineOf(report)));
    const bytes = Buffer.concat(lines);
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
    fdatasyncSync(this.#fd);
    for (const line of lines) this.#count(line.length);
  }

  /** The reports after this execID, oldest first, up to the last at the time of the call. */
  *after(execID: number): Generator<ExecutionReport> {
    const end = this.#bytes;
    let at = Math.min(execID, this.#lines);
    let skip = at % MARK_EVERY;
    at -= skip;
    for (const { text } of linesIn(this.#fd, this.#marks[at / MARK_EVERY] ?? end, end)) {
      if (skip-- > 0) continue;
      const report = readLine(text);
      if (report === undefined) throw new Error("broken invariant: a line that was good is not");
      yield report;
    }
  }

  close(): void {
    closeSync(this.#fd);
    rmSync(this.#lock, { force: true });
  }

  #replay(
    file: string,
    on: { readonly replay: (report: ExecutionReport) => void; readonly note: (text: string) => void },
  ): void {
    const size = fstatSync(this.#fd).size;
    for (const { text, bytes, whole } of linesIn(this.#fd, 0, size)) {
      const report = whole ? readLine(text) : undefined;
      if (report?.execID === this.#lines + 1) {
        on.replay(report);
        this.#count(bytes);
        continue;
      }
      if (this.#bytes + bytes < size)
        throw new ExchangeError(
          "RECORD_DAMAGED",
          `${file}: line ${this.#lines + 1} is damaged, and it is not the last. Put back the file from a copy`,
        );
      ftruncateSync(this.#fd, this.#bytes);
      fdatasyncSync(this.#fd);
      on.note(`${file}: the last line, ${bytes} bytes, was torn and is dropped: it had not been acknowledged`);
    }
  }

  #count(bytes: number): void {
    if (this.#lines % MARK_EVERY === 0) this.#marks.push(this.#bytes);
    this.#lines += 1;
    this.#bytes += bytes;
  }
}

const MARK_EVERY = 64;
const CHUNK_BYTES = 65_536;

function lineOf(report: ExecutionReport): string {
  const json = JSON.stringify(report);
  return `${checksum(json)} ${json}\n`;
}

function readLine(text: string): ExecutionReport | undefined {
  const json = text.slice(9);
  return text[8] === " " && text.slice(0, 8) === checksum(json) ? JSON.parse(json) : undefined;
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, "0");
}

/** `bytes` counts the newline; a last line without one is not `whole`. */
function* linesIn(fd: number, from: number, to: number): Generator<{ text: string; bytes: number; whole: boolean }> {
  let rest = Buffer.alloc(0);
  for (let at = from; at < to; ) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, to - at));
    const read = readSync(fd, chunk, 0, chunk.length, at);
    if (read === 0) break;
    at += read;
    rest = Buffer.concat([rest, chunk.subarray(0, read)]);
    let begin = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, begin)) {
      yield { text: rest.toString("utf8", begin, end), bytes: end + 1 - begin, whole: true };
      begin = end + 1;
    }
    rest = rest.subarray(begin);
  }
  if (rest.length > 0) yield { text: rest.toString("utf8"), bytes: rest.length, whole: false };
}

/** A process that was killed leaves its lock behind: the number of a process that is no more holds nothing. */
function takeLock(file: string): string {
  for (let tries = 0; tries < 2; tries++) {
    try {
      writeFileSync(file, `${process.pid}\n`, { flag: "wx" });
      return file;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      const holder = Number(readFileSync(file, "utf8"));
      if (isRunning(holder))
        throw new ExchangeError("RECORD_IN_USE", `${file}: process ${holder} has this record open. Stop it first`);
      rmSync(file, { force: true });
    }
  }
  throw new ExchangeError("RECORD_IN_USE", `${file}: another process is opening this record`);
}

function isRunning(pid: number): boolean {
  // In a container every life of the exchange may have the same number.
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The name of a new file is durable when its folder is. */
function syncFolder(dir: string): void {
  const fd = openSync(dir, "r");
  fsyncSync(fd);
  closeSync(fd);
}
