import type { FindingClass } from "../core/classify.ts";

/** For the metrics of a process: how often the venue was looked at, when last, and what did not match. */
export interface Reconciliation {
  /** Looks that the core has taken. */
  readonly looks: number;
  /** Since the last of them; undefined before the first. */
  readonly ageSeconds: number | undefined;
  /** What was found in them, all but what matched. */
  readonly findings: Readonly<Record<Unmatched, number>>;
}

export type Unmatched = Exclude<FindingClass, "matched">;

export class Looked {
  #looks = 0;
  #lastMs: number | undefined;
  readonly #findings: Record<Unmatched, number> = {
    "unknown-fill": 0,
    "orphan-order": 0,
    "missing-order": 0,
    ambiguous: 0,
    drift: 0,
  };

  looked(): void {
    this.#looks += 1;
    this.#lastMs = performance.now();
  }

  found(counts: Partial<Readonly<Record<FindingClass, number>>>): void {
    for (const [name, count] of Object.entries(counts) as [FindingClass, number][])
      if (name !== "matched") this.#findings[name] += count;
  }

  get state(): Reconciliation {
    const ageSeconds = this.#lastMs === undefined ? undefined : (performance.now() - this.#lastMs) / 1_000;
    return { looks: this.#looks, ageSeconds, findings: { ...this.#findings } };
  }
}
