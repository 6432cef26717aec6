/** After a failure: what the cluster says of itself, in a folder. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kube } from "./kube.ts";

export async function gather(kube: Kube, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const keep = async (name: string, ...args: readonly string[]) => {
    const { out, error } = await kube.kubectl(args);
    writeFileSync(join(folder, name), out + error);
  };
  await keep("pods.txt", "get", "all,pvc,networkpolicy", "-o", "wide");
  await keep("describe.txt", "describe", "pods");
  await keep("events.txt", "get", "events", "--sort-by=.lastTimestamp");
  for (const { metadata } of await kube.pods().catch(() => [])) {
    await keep(`${metadata.name}.log`, "logs", metadata.name, "--all-containers");
    await keep(`${metadata.name}.before.log`, "logs", metadata.name, "--all-containers", "--previous");
  }
}
