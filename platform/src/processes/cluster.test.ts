import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ClusterSpec, postgresUrl, readSecrets, readSpec } from "./cluster.ts";
import { specOf } from "./testing.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-folder-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (name: string, value: unknown) => writeFileSync(join(dir, name), JSON.stringify(value));
/** What is said of a cluster.json with this instead; without the path, which the line begins with. */
function saidOfSpec(part: object): string {
  write("cluster.json", { ...specOf(), ...part });
  return said(() => readSpec(dir), "cluster.json");
}
function saidOfSecrets(secrets: unknown): string {
  write("secrets.json", secrets);
  return said(() => readSecrets(dir), "secrets.json");
}
function said(read: () => unknown, file: string): string {
  try {
    read();
  } catch (error) {
    expect(error).toMatchObject({ name: "InputError", code: "BAD_OPTION" });
    const { message } = error as Error;
    const path = `${join(dir, file)}: `;
    expect(message.slice(0, path.length)).toBe(path);
    expect(message).not.toContain("\n");
    return message.slice(path.length);
  }
  return "";
}

describe("cluster.json", () => {
  it("is read as it was written, with nothing hedged where nothing is said of it", () => {
    write("cluster.json", specOf());
    expect(readSpec(dir)).toEqual(specOf());
    const { hedge: _, ...rest } = specOf();
    write("cluster.json", rest);
    expect(readSpec(dir).hedge).toBe(null);
  });

  it.each<[Partial<Record<keyof ClusterSpec, unknown>>, string]>([
    [{ account: undefined }, "account: missing: give a text"],
    [{ kafka: [] }, "kafka: no address: give at least one host:port"],
    [{ etcd: ["etcd"] }, "etcd.0: no address: give host:port, such as policy:4000"],
    [{ servers: { policy: "policy:4000" } }, "servers.policy: not of its kind: give an array"],
    [{ mode: "live" }, "mode: not one of those there are: give paper or shadow"],
    [{ market: { traces: [{ path: "a" }], speed: 0 } }, "market.speed: not above zero: give a larger number"],
    [
      { market: { traces: [{ path: "a" }], speed: 1, until: "x" } },
      "market.until: no such field: correct its name, or remove it",
    ],
    [{ replicas: { policy: 0 } }, "replicas.policy: below one: give how many processes there are"],
    [{ genesis: "no base 64" }, "genesis: no base64: take the file again as it was founded"],
    [{ etcdd: ["a:1"] } as object, "etcdd: no such field: correct its name, or remove it"],
    [{ format: 1 }, "a cluster of format 1, and this version has 2: found another with --dir"],
  ])("that says %j is refused by its field", (part, text) => {
    expect(saidOfSpec(part)).toBe(text);
  });

  it("that is none is refused", () => {
    expect(said(() => readSpec(dir), "cluster.json")).toMatch(/^no cluster is described there/);
    writeFileSync(join(dir, "cluster.json"), "{");
    expect(said(() => readSpec(dir), "cluster.json")).toMatch(/^it is no JSON/);
    writeFileSync(join(dir, "cluster.json"), "null");
    expect(said(() => readSpec(dir), "cluster.json")).toMatch(/^a cluster of format undefined/);
  });
});

describe("secrets.json", () => {
  it.each<[unknown, string]>([
    [{ postgres: "hunter2" }, "postgres: no URL: give postgres://user:password@host:5432/database"],
    [{ redis: "http://:hunter2@redis" }, "redis: no URL: give redis://user:password@host:6379, or rediss:// for TLS"],
    [{ venueKey: "short" }, "venueKey: too short: give a key of 8 characters or more"],
    [{ dropCopyKeys: { "validator-1": 5 } }, "dropCopyKeys.validator-1: not of its kind: give a string"],
    [{ venuekey: "hunter2hunter2" }, "venuekey: no such field: correct its name, or remove it"],
  ])("that says %j is refused by its field, and never repeated", (secrets, text) => {
    expect(saidOfSecrets(secrets)).toBe(text);
    expect(text).not.toContain("hunter2");
  });

  it("that is broken is not quoted", () => {
    writeFileSync(join(dir, "secrets.json"), '{"postgres": hunter2}');
    expect(said(() => readSecrets(dir), "secrets.json")).not.toContain("hunter2");
  });

  it("may have no database, and who needs one says so", () => {
    write("secrets.json", { venueKey: "k".repeat(8) });
    expect(readSecrets(dir)).toEqual({ venueKey: "k".repeat(8) });
    expect(said(() => postgresUrl(dir), "secrets.json")).toMatch(/^postgres: missing: give postgres:/);
  });

  it("has the authority that lies beside it in the URL of a database that is to be verified", () => {
    const plain = "postgres://u:p@db:5432/countersign";
    mkdirSync(join(dir, "postgres"));
    writeFileSync(join(dir, "postgres", "ca.crt"), "PEM");
    write("secrets.json", { postgres: plain });
    expect(postgresUrl(dir)).toBe(plain);
    write("secrets.json", { postgres: `${plain}?sslmode=verify-full` });
    const ca = encodeURIComponent(join(dir, "postgres", "ca.crt"));
    expect(postgresUrl(dir)).toBe(`${plain}?sslmode=verify-full&sslrootcert=${ca}`);
    write("secrets.json", { postgres: `${plain}?sslmode=verify-full&sslrootcert=/own` });
    expect(postgresUrl(dir)).toBe(`${plain}?sslmode=verify-full&sslrootcert=/own`);
  });
});
