import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { etcdOf, grpcTls, kafkaOf, redisCa } from "./credentials.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-credentials-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(set: string, ...names: string[]): void {
  mkdirSync(join(dir, set), { recursive: true });
  for (const name of names) writeFileSync(join(dir, set, name), `PEM of ${name}`);
}

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

describe("what a process shows", () => {
  it("is nothing where its folder holds nothing", () => {
    expect(grpcTls(dir)).toBe(undefined);
    expect(kafkaOf(dir, { kafka: ["a:9092"] })).toEqual({ brokers: ["a:9092"] });
    expect(etcdOf(dir, ["a:2379"])).toEqual({ endpoints: ["a:2379"] });
    expect(redisCa(dir)).toBe(undefined);
  });

  it("is each set under its own names", () => {
    write("tls", "ca.crt", "tls.crt", "tls.key");
    write("kafka", "ca.crt", "user.crt", "user.key");
    write("etcd", "ca.crt", "tls.crt", "tls.key");
    write("redis", "ca.crt");
    expect(text(grpcTls(dir)?.cert as Uint8Array)).toBe("PEM of tls.crt");
    expect(text(kafkaOf(dir, { kafka: [] }).tls?.key)).toBe("PEM of user.key");
    expect(text(etcdOf(dir, ["etcd:2379"]).tls?.ca)).toBe("PEM of ca.crt");
    expect(text(redisCa(dir))).toBe("PEM of ca.crt");
  });

  it("is compared by name alone at etcd", () => {
    write("etcd", "ca.crt", "tls.crt", "tls.key");
    for (const number of ["10.0.0.1:2379", "[::1]:2379"])
      expect(() => etcdOf(dir, ["etcd-0:2379", number])).toThrow(`cluster.json: etcd: ${number} is no name`);
  });

  it("is never half a set: that it speaks in the clear must not be an accident", () => {
    write("tls", "ca.crt", "tls.crt");
    expect(() => grpcTls(dir)).toThrow(
      expect.objectContaining({
        code: "NO_SUCH_FILE",
        message: `${join(dir, "tls/tls.key")}: missing, and ca.crt, tls.crt is there: give all of ca.crt, tls.crt, tls.key, or none`,
      }),
    );
  });
});
