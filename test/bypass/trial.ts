/** Every attempt in turn, and what was made of it. */
import type { Mark } from "../marks.ts";
import { approvals, words } from "./approvals.ts";
import type { Attempt } from "./attempt.ts";
import { doors } from "./doors.ts";
import { Ground } from "./ground.ts";
import { permits, slowPermits } from "./permits.ts";
import { THROUGH, Thief } from "./thief.ts";
import { afterRevocation, belowTheCeiling, withPolicysKey } from "./with-policys-key.ts";

type Say = (line: string) => void;

/** Attempts that were not refused as they have to be, each with what came of it. */
export async function trial(say: Say): Promise<readonly string[]> {
  await using ground = await Ground.open(say);
  await using thief = await Thief.open(ground.folder);
  const findings: string[] = [];
  const part = async (title: string, attempts: readonly Attempt[]) => {
    say(title);
    for (const { name, expected, go } of attempts) {
      const said = await go(thief, ground);
      if (said !== expected) findings.push(`${name}: ${said}, not ${expected}`);
      say(said === expected ? `  ok     ${name}: ${said}` : `  FOUND  ${findings.at(-1)}`);
    }
  };
  await part("with every key but Policy's", [...permits, ...doors, ...slowPermits]);
  await part("with Policy's key too, above the ceiling", withPolicysKey);
  await part("with an approver's word that does not count", [...approvals, ...words]);
  await part("with Policy's key too, below the ceiling", [belowTheCeiling, afterRevocation]);
  return findings;
}

/** The orders among them once more for each of these checks, with its line left out of the process that makes it: what stands behind it. */
export async function trialOfMarks(marks: readonly Mark[], say: Say): Promise<void> {
  await using ground = await Ground.open(say);
  await using thief = await Thief.open(ground.folder);
  for (const mark of marks) {
    const process = mark.file.startsWith("agents/policy/") ? "policy" : "execution";
    await ground.restart(process, mark);
    const changed: string[] = [];
    for (const { name, expected, go } of [...permits, ...withPolicysKey, ...approvals]) {
      const said = await go(thief, ground);
      if (said !== expected)
        changed.push(`  ${said === THROUGH ? "THROUGH" : "moved  "}  ${name}: ${expected} → ${said}`);
    }
    say(`${mark.name}, left out of ${process}: ${changed.length === 0 ? "no attempt is answered otherwise" : ""}`);
    for (const line of changed) say(line);
    await ground.restart(process);
  }
}
