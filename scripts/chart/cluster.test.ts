/** The folder that pods are given, as the processes read it. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ProposeRequestSchema } from "@countersign/contracts";
import { readSpec } from "@countersign/platform";
import { expect, it, vi } from "vitest";
import { parse } from "yaml";
import { FlagFile } from "../../platform/src/processes/flag-file.ts";
import { root } from "../run.ts";

const GOLDEN = join(root, "charts", "countersign", "golden");

it.each(["laptop", "dev", "staging", "prod"])("%s: processes take the rendered folder", (environment) => {
  const { data } = parse(readFileSync(join(GOLDEN, environment, "ConfigMap-countersign-cluster.yaml"), "utf8")) as {
    readonly data: Readonly<Record<string, string>>;
  };
  const dir = mkdtempSync(join(tmpdir(), "countersign-folder-"));
  try {
    for (const [name, text] of Object.entries(data)) writeFileSync(join(dir, name), text);
    const spec = readSpec(dir);
    expect(spec.servers["validator-3"]).toEqual(["validator-3:4000"]);
    expect(Object.values(spec.health).every((address) => address.endsWith(":9090"))).toBe(true);
    // The genesis names the limits by digest: one byte more, and no order would be permitted.
    const genesis = fromBinary(ProposeRequestSchema, Buffer.from(spec.genesis, "base64"));
    const digest = genesis.content.case === "genesis" ? genesis.content.value.limitsDigest : undefined;
    const limits = createHash("sha256")
      .update(readFileSync(join(dir, spec.limits)))
      .digest("hex");
    expect(Buffer.from(digest ?? []).toString("hex")).toBe(limits);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it.each([
  ["hedger", "debug"],
  ["policy", "info"],
])("everything: flags say %s to log from %s", async (agent, level) => {
  const { data } = parse(readFileSync(join(GOLDEN, "everything", "ConfigMap-countersign-flags.yaml"), "utf8")) as {
    readonly data: Readonly<Record<string, string>>;
  };
  const dir = mkdtempSync(join(tmpdir(), "countersign-folder-"));
  vi.useFakeTimers({ now: Date.parse("2026-12-31T23:59:00Z"), toFake: ["Date"] });
  try {
    for (const [name, text] of Object.entries(data)) writeFileSync(join(dir, name), text);
    const context = { targetingKey: agent, agent, process: agent };
    const unlessSaid = { "log-level": "error", "trace-share": 0.1 } as const;
    const file = new FlagFile({ path: join(dir, "flags.json"), context, unlessSaid });
    expect(file.look()).toBeUndefined();
    expect((await file.resolveStringEvaluation("log-level", "error", context)).value).toBe(level);
    vi.setSystemTime("2027-01-01T00:01:00Z");
    expect((await file.resolveStringEvaluation("log-level", "error", context)).value).toBe("info");
  } finally {
    vi.useRealTimers();
    rmSync(dir, { recursive: true });
  }
});
