export type Verdict = "ok" | "missing" | "wrong" | "unknown";

/** One line of the doctor. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly verdict: Verdict;
  readonly says: string;
  /** A command to copy, or what a person has to do. */
  readonly cure?: string;
  /** False for what makes things better and may be missing: it does not change the exit code. */
  readonly isNeeded: boolean;
}

export const ok = (check: string, says: string): Finding => ({ check, verdict: "ok", says, isNeeded: true });

export function bad(check: string, verdict: Exclude<Verdict, "ok">, says: string, cure: string): Finding {
  return { check, verdict, says, cure, isNeeded: true };
}

/** The same, where the platform works without it. */
export function lesser(finding: Finding): Finding {
  return { ...finding, isNeeded: false };
}

/** What stands in the way. What could not be looked at is not well: a check that was skipped has not passed. */
export function standingInTheWay(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ verdict, isNeeded }) => isNeeded && verdict !== "ok");
}
