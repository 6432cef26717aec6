/** Logs of one process: JSON lines (pino), each with its agent, the time as RFC 3339 in UTC, and no secrets. */
import pino, { type Bindings, type DestinationStream, type Logger } from "pino";
import { spanIdOf, traceIdOf } from "./context.ts";
import { TelemetryError } from "./error.ts";
import { LineFile } from "./line-file.ts";
import { withoutSecrets } from "./secrets.ts";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly agent: string;
  readonly level?: LogLevel;
  /** A file's path; otherwise standard output. */
  readonly file?: string | undefined;
  /** Paths whose values nobody shall see, as pino writes them (`venue.account`), beside what is found by name and by shape. */
  readonly redact?: readonly string[];
  /** Instead of both, for tests. */
  readonly to?: DestinationStream | undefined;
}

/**
 * A line is written before the call returns, so that the last one survives whatever the process dies of, kill -9 included. When there is
 * no room for it, or nobody reads, it is lost, and nothing else happens.
 * @throws TelemetryError BAD_OPTION, FILE_UNUSABLE
 */
export function openLogs({ agent, level = "info", file, redact = [], to }: LogOptions): Logger {
  return pino(
    {
      level,
      base: { agent },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      ...(redact.length > 0 && { redact: { paths: [...redact], censor: "[redacted]" } }),
      hooks: { streamWrite: withoutSecrets },
    },
    to ?? new LineFile(file),
  );
}

/** `LOG_LEVEL`, as the environment gives it; info where it gives none. @throws TelemetryError BAD_OPTION */
export function logLevelOf(environment: Readonly<Record<string, string | undefined>>): LogLevel {
  const given = environment.LOG_LEVEL ?? "info";
  const level = LOG_LEVELS.find((one) => one === given.toLowerCase());
  if (level === undefined)
    throw new TelemetryError("BAD_OPTION", `LOG_LEVEL: ${JSON.stringify(given)} is none of ${LOG_LEVELS.join(", ")}`);
  return level;
}

/** What a line says about the message it is about. */
export interface LogContext {
  readonly correlationId: string;
  readonly msgId: string;
}

/** The log of one message. Making it is one small object; pino's child comes with the first line that is written. */
export class MessageLog {
  readonly #log: Logger;
  readonly #context: LogContext;
  #child: Logger | undefined;

  constructor(log: Logger, context: LogContext) {
    this.#log = log;
    this.#context = context;
  }

  debug(text: string, fields?: Bindings): void {
    if (this.#log.isLevelEnabled("debug")) this.#write("debug", text, fields);
  }

  info(text: string, fields?: Bindings): void {
    if (this.#log.isLevelEnabled("info")) this.#write("info", text, fields);
  }

  warn(text: string, fields?: Bindings): void {
    if (this.#log.isLevelEnabled("warn")) this.#write("warn", text, fields);
  }

  error(text: string, fields?: Bindings): void {
    if (this.#log.isLevelEnabled("error")) this.#write("error", text, fields);
  }

  #write(level: "debug" | "info" | "warn" | "error", text: string, fields: Bindings = {}): void {
    try {
      this.#open()[level](fields, text);
    } catch (error) {
      // A field that cannot be written, such as one whose `toJSON` throws, costs itself and not the message's handling.
      this.#open()[level]({ unwritable: error instanceof Error ? error.message : "its fields" }, text);
    }
  }

  #open(): Logger {
    const { correlationId, msgId } = this.#context;
    this.#child ??= this.#log.child({
      correlation_id: correlationId,
      msg_id: msgId,
      trace_id: traceIdOf(correlationId),
      span_id: spanIdOf(msgId),
    });
    return this.#child;
  }
}

/**
 * The last line of a process that dies of an exception: written before it does, whatever waits before it. Node then ends the process as
 * it would have, and prints the error to standard error in its own way. Returns what takes the watch off again.
 */
export function logFatalErrors(log: Logger): () => void {
  const last = (error: unknown, origin: string) => {
    try {
      log.fatal({ err: error, origin }, "the process ends: nobody handled this error");
    } catch {
      // It dies of the error that there was, not of one here.
    }
  };
  process.on("uncaughtExceptionMonitor", last);
  return () => void process.off("uncaughtExceptionMonitor", last);
}
