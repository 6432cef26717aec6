/** Where the time of a message goes: the pipeline's steps, as each process tells them on its page of metrics. */
import { setTimeout as wait } from "node:timers/promises";
import { readSpec } from "@countersign/platform";

export interface StepTime {
  readonly process: string;
  readonly step: string;
  readonly count: number;
  readonly meanMs: number;
}

/** Of every process of the cluster, since it began. Who does not answer is left out. */
export async function stepTimes(folder: string): Promise<readonly StepTime[]> {
  const times: StepTime[] = [];
  for (const [process, address] of Object.entries(readSpec(folder).health)) {
    const page = await fetch(`http://${address}/metrics`).then(
      (answer) => answer.text(),
      () => "",
    );
    times.push(...read(process, page));
    await wait(0);
  }
  return times;
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
