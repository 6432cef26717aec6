/** Where the time of a message goes: the pipeline's steps, as each process tells them on its page of metrics. */
import { readSpec } from "@countersign/platform";

export interface StepTime {
  readonly process: string;
  readonly step: string;
  readonly count: number;
  readonly meanMs: number;
}

/** Of every process of the cluster, since it began. */
export async function stepTimes(folder: string): Promise<readonly StepTime[]> {
  const pages = await metricsPages(folder);
  return [...pages].flatMap(([process, page]) => read(process, page));
}

/** By process, as a scrape would read them. Who does not answer is left out. */
export async function metricsPages(folder: string): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>();
  for (const [process, address] of Object.entries(readSpec(folder).health)) {
    const page = await fetch(`http://${address}/metrics`).then(
      (answer) => answer.text(),
      () => undefined,
    );
    if (page !== undefined) pages.set(process, page);
  }
  return pages;
}

function read(process: string, page: string): readonly StepTime[] {
  const sums = new Map<string, number>();
  const counts = new Map<string, number>();
  for (const line of page.split("\n")) {
    const [, kind, labels = "", value] =
      /^countersign_step_seconds_(sum|count)\{([^}]*)\} ([\d.e+-]+)/.exec(line) ?? [];
    const step = /step="([^"]+)"/.exec(labels)?.[1];
    if (kind === undefined || step === undefined) continue;
    (kind === "sum" ? sums : counts).set(step, Number(value));
  }
  return [...sums].flatMap(([step, sum]) => {
    const count = counts.get(step) ?? 0;
    return count === 0 ? [] : [{ process, step, count, meanMs: (sum / count) * 1_000 }];
  });
}
