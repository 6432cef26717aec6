/** What tests read of a run's folder. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { envelopeFromJson } from "@countersign/envelope";
import { type Recorded, type Report, type RunFacts, readRecord, readRunFacts, type Told } from "@countersign/platform";

export interface ReadRun {
  readonly report: Report;
  readonly facts: RunFacts & { readonly told: readonly Told[] };
  readonly records: readonly Recorded[];
}

export function readRun(dir: string): ReadRun {
  const lines = readFileSync(join(dir, "audit.jsonl"), "utf8").trim().split("\n");
  const records = lines.flatMap((line) => {
    const { envelope } = JSON.parse(line);
    const record = envelope === undefined ? undefined : readRecord(envelopeFromJson(envelope));
    return record === undefined ? [] : [record];
  });
  const report: Report = JSON.parse(readFileSync(join(dir, "report.json"), "utf8"));
  return { report, facts: readRunFacts(dir), records };
}
