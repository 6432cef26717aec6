/** A cluster of its own: four years of daily bars, some hours of the market each second, so that an order is never far. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cloneFile } from "@countersign/platform";
import { parse } from "yaml";
import type { ClusterSpec } from "../../platform/src/processes/cluster.ts";
import { run } from "../../scripts/run.ts";

const [FROM, TO] = ["2014-07-01", "2018-05-11"];
/** Seconds of the market in one. */
const SPEED = "72000";

/** What is public of it. @throws Error with what the command said */
export async function found(folder: string, namespace: string): Promise<Pick<ClusterSpec, "mode" | "genesis">> {
  const limits = join(import.meta.dirname, "limits.json");
  const args = [
    "found",
    "--dir",
    folder,
    "--namespace",
    namespace,
    "--desk",
    "--limits",
    limits,
    "--from",
    FROM,
    "--to",
    TO,
    "--speed",
    SPEED,
  ];
  const { code, output } = await run("node", [cloneFile("cli/src/main.ts"), ...args]);
  if (code !== 0) throw new Error(`countersign found: ${output.trim()}`);
  const { cluster } = parse(readFileSync(join(folder, "values.yaml"), "utf8")) as {
    readonly cluster: Pick<ClusterSpec, "mode" | "genesis">;
  };
  return cluster;
}
