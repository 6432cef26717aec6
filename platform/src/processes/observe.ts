/**
 * What a process says of itself: metrics and probes at its address in `cluster.json`, spans, logs. How much of the last two is said here
 * for its start; flags may change it while it runs (flags.ts).
 *
 *   COUNTERSIGN_TRACES            the share of traces that is kept, 0 to 1: 0.1 unless given; alike in every process
 *   OTEL_EXPORTER_OTLP_ENDPOINT   a collector for the spans, OTLP over HTTP, beside the file `traces/<name>.jsonl`
 *   LOG_LEVEL                     trace, debug, info, warn, error, fatal, silent
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Health,
  type LogLevel,
  logFatalErrors,
  logLevelOf,
  MessageLog,
  Metrics,
  openLogs,
  openTracer,
  type Probe,
  serveTelemetry,
  TelemetryError,
  telemetryProbe,
} from "@countersign/telemetry";
import { InputError } from "../inputs.ts";

export interface Observed {
  readonly metrics: Metrics;
  readonly probe: Probe;
  /** Whether spans are wanted now. */
  isTraced(): boolean;
  /** How much is told: what it was started with, until it is set. */
  logLevel: LogLevel;
  traceRatio: number;
  log(line: string): void;
  /** A line about one message: its ids lead to the others. */
  logOf(about: { readonly msgId: string; readonly correlationId: string }, line: string): void;
  /** What whoever runs it should know of. */
  logAt(level: "warn" | "error", line: string): void;
  /** The last line. */
  logEnd(error: unknown): void;
  /** Answers `/metrics`, `/startupz`, `/healthz` and `/readyz`. @throws TelemetryError PORT_TAKEN */
  serve(checks: { started(): Health; live(): Health; ready(): Health }): Promise<void>;
  close(): Promise<void>;
}

export interface ObserveOptions {
  /** Where the spans are written. */
  readonly dataDir: string;
  readonly name: string;
  /** Of the process: several may be of one name. */
  readonly processName: string;
  /** Names this process among all of them; `processName` unless given. */
  readonly instance?: string;
  /** host:port; who has none, such as a person's command, is neither asked nor traced. */
  readonly address: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const TRACES = "COUNTERSIGN_TRACES";
const TRACES_RATIO = 0.1;

/** @throws InputError for a setting that is none, or a file that cannot be written */
export function observe(options: ObserveOptions): Observed {
  try {
    return open(options);
  } catch (error) {
    if (!(error instanceof TelemetryError)) throw error;
    throw new InputError("BAD_OPTION", error.message, { cause: error });
  }
}

function open({ dataDir, name, processName, instance = processName, address, environment }: ObserveOptions): Observed {
  // A person's command says by itself what is to be said.
  const level = address === undefined ? "error" : logLevelOf(environment);
  const log = openLogs({ agent: processName, level });
  const metrics = new Metrics({ agent: name.replace(":", "-") });
  const ratio = address === undefined ? 0 : ratioOf(environment);
  const tracer = openTracer({
    service: name,
    instance: `${instance}-${process.pid}`,
    ratio,
    file: address === undefined ? undefined : join(tracesDir(dataDir), `${processName}.jsonl`),
    otlpUrl: environment.OTEL_EXPORTER_OTLP_ENDPOINT,
  });
  metrics.watch({
    spans: () => tracer.counts(),
    logLevel: () => log.level,
    traceRatio: () => tracer.ratio,
  });
  const stack = new AsyncDisposableStack();
  stack.defer(() => metrics.close());
  stack.defer(() => tracer.close());
  stack.defer(logFatalErrors(log));
  const logOf: Observed["logOf"] = (about, line) => new MessageLog(log, about).info(line);
  return {
    metrics,
    probe: telemetryProbe(metrics, tracer, (about, code, place) =>
      new MessageLog(log, about).warn(`${about.name} refused: ${code}`, { code, place }),
    ),
    isTraced: () => tracer.on,
    get logLevel() {
      return log.level as LogLevel;
    },
    set logLevel(level) {
      log.level = level;
    },
    get traceRatio() {
      return tracer.ratio;
    },
    set traceRatio(ratio) {
      tracer.ratio = ratio;
    },
    log: (line) => log.info(line),
    logAt: (level, line) => log[level](line),
    logOf,
    logEnd: (error) => log.fatal({ err: error }, "the process ends: an invariant is broken"),
    async serve(checks) {
      if (address === undefined) return;
      const at = address.lastIndexOf(":");
      const where = { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
      const server = await serveTelemetry({ ...where, metrics, ...checks });
      stack.defer(() => server.close());
    },
    close: () => stack.disposeAsync(),
  };
}

function tracesDir(dataDir: string): string {
  const path = join(dataDir, "traces");
  mkdirSync(path, { recursive: true });
  return path;
}

function ratioOf(environment: ObserveOptions["environment"]): number {
  const given = environment[TRACES];
  if (given === undefined || given === "") return TRACES_RATIO;
  const ratio = Number(given);
  if (ratio >= 0 && ratio <= 1) return ratio;
  throw new TelemetryError("BAD_OPTION", `${TRACES}=${given} is no share of the traces: give a number from 0 to 1`);
}
