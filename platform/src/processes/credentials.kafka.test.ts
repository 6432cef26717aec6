// A real broker that lets in only who shows a certificate of its authority: as Strimzi's do.
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KafkaBus } from "@countersign/bus/kafka";
import { makeAuthority } from "@countersign/certificates";
import { type KafkaCluster, kafka } from "@countersign/engines";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kafkaOf } from "./credentials.ts";
import { checkTopics } from "./topics.ts";

const made = () => makeAuthority({ name: "brokers", fromMs: Date.now() - 60_000, days: 1 });
const authority = made();
const dir = mkdtempSync(join(tmpdir(), "countersign-kafka-tls-"));
let cluster: KafkaCluster;

beforeAll(async () => {
  const { ca } = authority;
  cluster = await kafka({ nodes: 1, tls: { ca, ...authority.issue("kafka", "127.0.0.1") } });
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

/** A folder with what Strimzi gives to a user. */
function folder(name: string, ca: Uint8Array, { cert, key }: { cert: Uint8Array; key: Uint8Array }): string {
  const path = join(dir, name);
  mkdirSync(join(path, "kafka"), { recursive: true });
  for (const [file, pem] of Object.entries({ "ca.crt": ca, "user.crt": cert, "user.key": key }))
    writeFileSync(join(path, "kafka", file), pem);
  return path;
}

describe.runIf(process.env.COUNTERSIGN_KAFKA === undefined)("brokers with TLS", () => {
  it("carry what a process says that shows its certificate", async () => {
    const own = folder("policy", authority.ca, authority.issue("policy"));
    const bus = new KafkaBus({
      ...kafkaOf(own, { kafka: cluster.brokers }),
      clientId: "policy",
      replicas: 1,
      onError: () => {},
    });
    const topic = `t-${randomUUID()}`;
    await bus.ensureTopics([{ topic, partitions: 1, retentionMs: 3_600_000 }]);
    const heard = new Promise<string>((resolve) => {
      void bus.subscribe(
        {
          topics: [topic],
          as: { kind: "every", name: "policy" },
          from: "earliest",
          maxInFlightBytes: 1e6,
          maxProcessingMs: 1e3,
        },
        ({ records }) => {
          resolve(Buffer.from(records[0]!.value).toString());
          return { through: records.at(-1)!.offset };
        },
      );
    });
    await bus.publish([{ topic, key: Buffer.from("k"), value: Buffer.from("said by TLS"), headers: {} }], {
      timeoutMs: 10_000,
    });
    expect(await heard).toBe("said by TLS");
    await bus.close(0);
  });

  it("hear nobody who speaks in the clear, shows another authority's certificate, or believes another one", async () => {
    const other = made();
    const none = mkdtempSync(join(dir, "none-"));
    const stranger = folder("stranger", authority.ca, other.issue("policy"));
    const believer = folder("believer", other.ca, authority.issue("policy"));
    for (const own of [none, stranger, believer]) {
      const asking = checkTopics({ ...kafkaOf(own, { kafka: cluster.brokers }), replicas: 1 });
      await expect(asking).rejects.toMatchObject({ name: "BusError", code: "UNREACHABLE" });
    }
  });
});
