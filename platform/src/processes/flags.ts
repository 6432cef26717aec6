/**
 * Flags: how much a process tells, changed while it runs. A flag may change what is told, never what is decided
 * (docs/decisions/0028-a-flag-changes-what-is-told.md): nothing here answers anybody, and nobody else may import OpenFeature
 * (scripts/checks/imports.ts).
 *
 *   log-level     from which level on it logs; what LOG_LEVEL says unless given
 *   trace-share   the share of traces that is kept; what COUNTERSIGN_TRACES says unless given
 *
 * They stand in `flags.json` in the process' folder, in the format of flagd, and are evaluated here. Without the file nothing changes. A file
 * that is none changes nothing either: what the one before said holds.
 */
import { join } from "node:path";
import { LOG_LEVELS, type LogLevel, type Metrics } from "@countersign/telemetry";
import { NOOP_PROVIDER, OpenFeature, ProviderEvents } from "@openfeature/server-sdk";
import { VALIDATORS } from "../genesis.ts";
import { FlagFile, type FlagValues } from "./flag-file.ts";
import type { Observed } from "./observe.ts";

export interface FlagsOptions {
  /** The process' folder. */
  readonly dir: string;
  /** Its agent's name; that of each validator is its own. */
  readonly name: string;
  readonly processName: string;
  /** What it changes. */
  readonly observed: Pick<Observed, "logLevel" | "traceRatio" | "logAt"> & { readonly metrics: Pick<Metrics, "watch"> };
  readonly everyMs?: number;
}

/** As often as other files are looked at; a kubelet takes up to a minute. */
const EVERY_MS = 5_000;
const FILE = "flags.json";

export async function openFlags(options: FlagsOptions): Promise<{ close(): Promise<void> }> {
  const { dir, name, processName, observed, everyMs = EVERY_MS } = options;
  const path = join(dir, FILE);
  const agent = (VALIDATORS as readonly string[]).includes(name) ? "validator" : name;
  const context = { targetingKey: processName, agent, process: processName };
  const unlessSaid: FlagValues = { "log-level": observed.logLevel, "trace-share": observed.traceRatio };
  const file = new FlagFile({ path, context, unlessSaid });
  await OpenFeature.setProviderAndWait(processName, file);
  const client = OpenFeature.getClient(processName, context);

  const tell = async () => {
    const level = await client.getStringDetails<LogLevel>("log-level", unlessSaid["log-level"]);
    const share = await client.getNumberDetails("trace-share", unlessSaid["trace-share"]);
    if (level.errorCode !== undefined || share.errorCode !== undefined) return;
    setShare(observed, share.value, path);
    setLevel(observed, level.value, path);
  };
  let refused: string | undefined;
  const look = () => {
    const before = refused;
    refused = file.look();
    if (refused !== undefined && refused !== before) observed.logAt("error", `${refused}. What was said before holds`);
  };
  observed.metrics.watch({ flagsRefused: () => refused !== undefined });

  client.addHandler(ProviderEvents.ConfigurationChanged, tell);
  look();
  // Waited for once: the process begins with what its flags say.
  await tell();
  const timer = setInterval(look, everyMs).unref();
  return {
    async close() {
      clearInterval(timer);
      client.removeHandler(ProviderEvents.ConfigurationChanged, tell);
      await OpenFeature.setProviderAndWait(processName, NOOP_PROVIDER);
    },
  };
}

function setShare(observed: FlagsOptions["observed"], to: number, path: string): void {
  const from = observed.traceRatio;
  if (from === to) return;
  observed.traceRatio = to;
  observed.logAt("warn", `${path}: trace-share is ${to}, and was ${from}`);
}

/** Said while the one of both levels holds that lets more through. */
function setLevel(observed: FlagsOptions["observed"], to: LogLevel, path: string): void {
  const from = observed.logLevel;
  if (from === to) return;
  const say = () => observed.logAt("warn", `${path}: log-level is ${to}, and was ${from}`);
  const isLouder = LOG_LEVELS.indexOf(to) < LOG_LEVELS.indexOf(from);
  if (!isLouder) say();
  observed.logLevel = to;
  if (isLouder) say();
}
