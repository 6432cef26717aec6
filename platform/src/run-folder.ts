/**
 * What a run leaves: a folder that `why`, `audit verify` and `replay` read alone, offline. Written under another name and renamed when it
 * is whole, so that a folder with a number is never half a run.
 *
 *   report.json    the figures           audit.jsonl     every record, with the last checkpoint (packages/audit)
 *   run.json       what it was made from  ledger.jsonl    every ledger entry with its postings and both sides of the identity
 *   limits.json    the limits, as read    journal.jsonl   what each decision saw
 *   quotes.jsonl   the sealed quotes that decisions and entries may name
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportAudit } from "@countersign/audit";
import { envelopeToJson } from "@countersign/envelope";
import type { Store } from "@countersign/runtime";
import type { AgentsConfig } from "./agents.ts";
import { InputError } from "./inputs.ts";
import type { RunResult } from "./run.ts";
import { journalLines, jsonLines, leavesOf, writeLines } from "./store-lines.ts";
import type { Told } from "./told.ts";

/** What `replay` needs to make the run again, and everybody to know what it was. */
export interface RunFacts {
  readonly format: 1;
  readonly mode: "replay";
  readonly seed: string;
  readonly account: string;
  /** Decimal. */
  readonly deposit: string;
  readonly currency: string;
  readonly person: string;
  readonly from: string;
  readonly to: string;
  readonly traded: readonly string[];
  readonly hedge: string | null;
  /** Files by the name they were given; or a market that was simulated from the seed. */
  readonly market: { readonly kind: "trace"; readonly files: readonly TraceFact[] } | { readonly kind: "simulated" };
  readonly strategies: readonly { readonly id: string; readonly path: string; readonly sha256: string }[];
  readonly limits: { readonly name: string; readonly sha256: string };
  /** What the agents were set to. The ceiling's notional is decimal text. */
  readonly settings: RunSettings;
  readonly node: string;
}

export interface RunSettings extends Pick<AgentsConfig, "portfolio" | "hedge" | "venueLatencyMs"> {
  readonly ceiling: { readonly notional: string; readonly persons: number };
}

export interface TraceFact {
  readonly path: string;
  readonly symbol: string | null;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface RunFolderOptions {
  readonly runsDir: string;
  readonly facts: RunFacts;
  readonly report: object;
  readonly limits: Uint8Array;
}

/** Returns the run's number. */
export async function writeRunFolder(
  result: RunResult,
  { runsDir, facts, report, limits }: RunFolderOptions,
): Promise<number> {
  // One name for all: whatever was killed here leaves its draft to the next, and the database lets one run write at a time.
  const draft = join(runsDir, ".writing");
  try {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await fill(draft, result, { facts, report, limits });
    const number = (runNumbers(runsDir).at(-1) ?? 0) + 1;
    renameSync(draft, join(runsDir, String(number)));
    return number;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error instanceof Error && "syscall" in error ? Object.assign(error, { path: runsDir }) : error;
  }
}

async function fill(
  draft: string,
  result: RunResult,
  { facts, report, limits }: Omit<RunFolderOptions, "runsDir">,
): Promise<void> {
  const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  writeFileSync(join(draft, "run.json"), json({ ...facts, told: result.narrator.all }));
  writeFileSync(join(draft, "report.json"), json(report));
  writeFileSync(join(draft, "limits.json"), limits);
  await writeLines(join(draft, "audit.jsonl"), exportAudit(leavesOf(complianceOf(result)), result.checkpoints));
  await writeLines(join(draft, "ledger.jsonl"), jsonLines(result.ledger));
  await writeLines(join(draft, "journal.jsonl"), journalLines(result.embedded.stores));
  await writeLines(
    join(draft, "quotes.jsonl"),
    jsonLines([...result.quotesNamed.values()].map((bytes) => envelopeToJson(bytes))),
  );
}

/** In order. */
export function runNumbers(runsDir: string): readonly number[] {
  const names = readdirSync(runsDir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names.flatMap(({ name }) => (/^[1-9]\d*$/.test(name) ? [Number(name)] : [])).sort((a, b) => a - b);
}

/** The folder of a run; without a number, of the last. Throws InputError. */
export function findRun(runsDir: string, number?: number): string {
  let numbers: readonly number[] = [];
  try {
    numbers = runNumbers(runsDir);
  } catch {
    // No folder yet: no runs.
  }
  const wanted = number ?? numbers.at(-1);
  if (wanted === undefined) throw new InputError("NO_SUCH_FILE", "there is no run yet: `./countersign demo` makes one");
  if (!numbers.includes(wanted))
    throw new InputError("NO_SUCH_FILE", `there is no run ${wanted}; the last is ${numbers.at(-1) ?? "none"}`);
  return join(runsDir, String(wanted));
}

export function readRunFacts(dir: string): RunFacts & { readonly told: readonly Told[] } {
  return JSON.parse(readFileSync(join(dir, "run.json"), "utf8"));
}

function complianceOf({ embedded }: RunResult): Store {
  const store = embedded.stores.get("compliance");
  if (store === undefined) throw new Error("no store of compliance");
  return store;
}
