import { check } from "./check.ts";
import { plants } from "./plants.ts";
import type { Happened } from "./trial.ts";

/** Says what happened and what was found. Returns the exit code. */
export function report({ faults, history, ended }: Happened, plant?: keyof typeof plants): number {
  const findings = check(plant === undefined ? history : plants[plant](history));
  for (const { check: name, text } of findings.slice(0, SHOWN)) console.log(`${name}: ${text}`);
  if (findings.length > SHOWN) console.log(`… and ${findings.length - SHOWN} more`);
  for (const name of ended) console.log(`ended by itself: ${name}`);
  const count = (kind: string) => history.filter((event) => event.kind === kind).length;
  console.log(
    Object.entries(faults)
      .map(([name, times]) => `${name} ${times}`)
      .join(", "),
  );
  console.log(
    `${count("append")} of ${count("asked")} proposals acknowledged, ${count("read")} reads, ${count("halt")} halts, ` +
      `${count("order")} orders at the gate; ${findings.length} findings`,
  );
  if (plant === undefined) return findings.length + ended.length === 0 ? 0 : 1;
  const isFound = findings.some((finding) => finding.check === plant);
  console.log(isFound ? `${plant} was found` : `${plant} was not found`);
  return isFound ? 0 : 1;
}

const SHOWN = 10;
