/** The embedded demo, from its image: PostgreSQL and all, without a network, and with the audit head that the README shows. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/run.ts";
import { ownFolder, run } from "./podman.ts";

const HEAD = /audit head ([0-9a-f]{8})/;

export function demo(image: string): readonly string[] {
  const began = performance.now();
  const { code, output } = run({
    image,
    args: ["demo"],
    mounts: { "/var/lib/countersign": ownFolder("demo") },
    memoryMb: 1_024,
  });
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const [, expected] = HEAD.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  const [, found] = HEAD.exec(output) ?? [];
  if (code !== 0 || found === undefined) return [`${image}: the demo ended with ${code}: ${output.slice(-2_000)}`];
  console.log(`  demo in ${seconds} s, audit head ${found}`);
  return found === expected ? [] : [`${image}: audit head ${found}, and the README has ${expected}`];
}
