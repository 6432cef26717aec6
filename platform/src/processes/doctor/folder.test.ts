import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyPurpose } from "@countersign/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { AGENTS } from "../../agents.ts";
import { VALIDATORS } from "../../genesis.ts";
import { type ClusterSpec, keysDir, writeSecrets } from "../cluster.ts";
import { examine } from "../doctor.ts";
import { KeyFiles } from "../key-files.ts";
import { folder } from "./folder.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-doctor-test-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const verdicts = () =>
  [...folder(dir, { platform: "cs-1", account: "main" } as ClusterSpec)].map(
    ({ check, verdict }) => `${check} ${verdict}`,
  );

it("a folder's keys are there, and its owner's alone", () => {
  expect(verdicts()).toEqual(["cluster ok", "keys missing", "secrets missing"]);
  const keys = new KeyFiles(keysDir(dir), { makes: true });
  for (const name of [...VALIDATORS, ...AGENTS, "market", "gateway"]) keys.signer(name, KeyPurpose.ENVELOPE);
  writeSecrets(dir, { postgres: "postgres://u:p@127.0.0.1/x", venueKey: "k" });
  expect(verdicts()).toEqual(["cluster ok", "keys ok", "secrets ok"]);
  chmodSync(join(keysDir(dir), "policy.envelope.key"), 0o644);
  chmodSync(join(dir, "secrets.json"), 0o640);
  expect(verdicts()).toEqual(["cluster ok", "keys wrong", "secrets wrong"]);
  const [, key] = [...folder(dir, { platform: "cs-1", account: "main" } as ClusterSpec)];
  expect(key?.says).toContain("policy.envelope.key");
  expect(key?.cure).toBe(`chmod 700 ${keysDir(dir)} && chmod 600 ${keysDir(dir)}/*.key`);
});

it("a folder that describes no cluster is told where one was named, and else no matter", async () => {
  const closed = {
    COUNTERSIGN_POSTGRES: "postgres://u:hidden@127.0.0.1:1/x",
    COUNTERSIGN_KAFKA: "127.0.0.1:1",
    COUNTERSIGN_ETCD: "127.0.0.1:1",
    COUNTERSIGN_REDIS: "redis://:hidden@127.0.0.1:1",
  };
  const findings = await Array.fromAsync(examine({ dir, isNamed: true, env: closed }));
  const found = findings.map(({ check, verdict, isNeeded }) => `${check} ${verdict} ${isNeeded}`);
  expect(found.slice(-5)).toEqual([
    "PostgreSQL missing true",
    "Kafka missing true",
    "etcd missing true",
    "Redis missing false",
    "cluster missing true",
  ]);
  expect(JSON.stringify(findings)).not.toContain("hidden");
  writeFileSync(join(dir, "cluster.json"), "{");
  const unnamed = await Array.fromAsync(examine({ dir, isNamed: false, env: closed }));
  expect(unnamed.at(-1)).toMatchObject({ check: "cluster", verdict: "missing" });
  rmSync(join(dir, "cluster.json"));
  expect((await Array.fromAsync(examine({ dir, isNamed: false, env: closed }))).at(-1)).toMatchObject({
    check: "Redis",
  });
});
