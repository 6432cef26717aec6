/** The chart as Helm renders it. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Topology } from "../../../platform/src/topology.ts";
import { CHART, template, valuesOf } from "../../../scripts/chart/helm.ts";
import { type KubeObject, parseManifests } from "../../../scripts/k8s/manifests.ts";

export const NAMESPACE = "countersign";
/** Those of k8s/environments. */
export const ENVIRONMENTS = ["dev", "staging", "prod"] as const;

export interface RenderOptions {
  readonly environment: (typeof ENVIRONMENTS)[number] | "laptop";
  /** Over those of the environment. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Another one than the chart's own. */
  readonly topology?: Topology;
}

/** @throws Error with what Helm says */
export async function render({ environment, values = {}, topology }: RenderOptions): Promise<readonly KubeObject[]> {
  const dir = mkdtempSync(join(tmpdir(), "countersign-chart-"));
  try {
    const chart = topology === undefined ? CHART : chartWith(topology, join(dir, "chart"));
    const file = join(dir, "values.json");
    writeFileSync(file, JSON.stringify(values));
    const text = await template([...valuesOf(environment), file], chart);
    return parseManifests(text).map(({ object }) => object);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function chartWith(topology: Topology, chart: string): string {
  cpSync(CHART, chart, { recursive: true });
  writeFileSync(join(chart, "files/topology.json"), JSON.stringify(topology));
  return chart;
}
