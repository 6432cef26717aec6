// A cluster for Kubernetes is its files: from them alone three validators start, each from its own Secret, and are founded by who holds no key.
import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeValidator } from "@countersign/agent-validator";
import { KeyPurpose } from "@countersign/contracts";
import { freePorts } from "@countersign/engines";
import { GrpcRpc } from "@countersign/grpc";
import { MemoryQuorumLog, openGenesis } from "@countersign/quorum";
import { MemoryStore } from "@countersign/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { VALIDATORS } from "../genesis.ts";
import { cloneFile, loadLimits } from "../inputs.ts";
import { instruments } from "./agent.ts";
import { readSecrets, readSpec } from "./cluster.ts";
import { grpcTls } from "./credentials.ts";
import { foundForKubernetes, type KubernetesChoice } from "./found-kubernetes.ts";
import { deliverFounding } from "./founding.ts";
import { KeyFiles } from "./key-files.ts";
import { specOf } from "./testing.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "countersign-kubernetes-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const {
  platform: _p,
  genesis: _g,
  openings: _o,
  servers: _s,
  health: _h,
  venue: _v,
  kafka: _k,
  format: _f,
  ...part
} = specOf();
const choice: KubernetesChoice = {
  ...part,
  market: { traces: [{ path: cloneFile("markets/aapl-spx-1d.csv.gz") }], speed: 60 },
  strategies: [cloneFile("strategies/trend.ts")],
  limits: cloneFile("limits/default.json"),
  namespace: "trading",
  desk: false,
};

interface Secret {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly type: string;
  readonly stringData: Readonly<Record<string, string>>;
}

function founded(more: Partial<KubernetesChoice> = {}) {
  const written = foundForKubernetes(join(root, "my-cluster"), { ...choice, ...more });
  const values = parse(readFileSync(written.values, "utf8"));
  const documents = parseAllDocuments(readFileSync(written.secrets, "utf8")).map((one) => one.toJS() as Secret);
  return { values, secrets: new Map(documents.map((one) => [one.metadata.name, one])) };
}

/** As the chart joins them into the folder of a pod. */
function folderOf(
  name: string,
  { values, secrets }: ReturnType<typeof founded>,
  servers: Record<string, string[]>,
): string {
  const dir = join(root, name);
  const { limitsFile, founding, ...spec } = values.cluster;
  const own = Object.entries(secrets.get(name)?.stringData ?? {});
  const files = {
    "cluster.json": JSON.stringify({ ...spec, kafka: ["kafka:9092"], servers, health: {} }),
    [spec.limits]: limitsFile,
    "founding.json": JSON.stringify(founding),
    ...Object.fromEntries(own.map(([file, text]) => [file.endsWith(".key") ? join("keys", file) : file, text])),
    ...Object.fromEntries(
      Object.entries(secrets.get(`${name}-tls`)?.stringData ?? {}).map(([file, text]) => [join("tls", file), text]),
    ),
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  }
  return dir;
}

async function serve(name: string, dir: string, log: MemoryQuorumLog): Promise<GrpcRpc> {
  const { servers, genesis: base64 } = readSpec(dir);
  const genesis = Buffer.from(base64, "base64");
  const rpc = new GrpcRpc({ servers, listen: servers[name]![0]!, tls: grpcTls(dir)! });
  const keys = new KeyFiles(join(dir, "keys"), { makes: false });
  const validator = makeValidator({
    name,
    peers: [...VALIDATORS],
    mode: openGenesis(genesis).facts.mode,
    genesis,
    envelopeSigner: keys.signer(name, KeyPurpose.ENVELOPE),
    voteSigner: keys.signer(name, KeyPurpose.VOTE),
    checkpointSigner: keys.signer(name, KeyPurpose.CHECKPOINT),
    instruments: instruments(),
    log,
    store: new MemoryStore(),
    rpc,
    nowMs: () => Date.now(),
    publish: async () => {},
  });
  await rpc.listen();
  await validator.start();
  return rpc;
}

describe("a cluster that is founded for Kubernetes", () => {
  it("gives to each process its own keys and addresses, and no other's", () => {
    const { secrets } = founded();
    const filesOf = (name: string) => Object.keys(secrets.get(name)?.stringData ?? {}).toSorted();
    const secretsOf = (name: string) => JSON.parse(secrets.get(name)!.stringData["secrets.json"]!);
    expect(filesOf("policy")).toEqual(["policy.envelope.key", "policy.permit.key", "secrets.json"]);
    expect(filesOf("compliance")).toEqual(["compliance.checkpoint.key", "compliance.envelope.key", "secrets.json"]);
    expect(filesOf("validator-2")).toEqual([
      "secrets.json",
      "validator-2.checkpoint.key",
      "validator-2.envelope.key",
      "validator-2.vote.key",
    ]);
    for (const name of ["market", "signal", "portfolio", "hedger", "execution", "operator", "gateway"])
      expect(filesOf(name)).toEqual([`${name}.envelope.key`, "secrets.json"].toSorted());
    expect(filesOf("paper-exchange")).toEqual(["secrets.json"]);
    expect(filesOf("desk")).toEqual([]);
    expect(filesOf("engines")).toEqual(["postgres", "redis"]);
    const exchange = secretsOf("paper-exchange");
    expect(secretsOf("execution").venueKey).toBe(exchange.venueKey);
    expect(secretsOf("validator-3").dropCopyKeys).toEqual({ "validator-3": exchange.dropCopyKeys["validator-3"] });
    expect(Object.keys(secretsOf("policy"))).toEqual(["postgres", "redis"]);
    expect(exchange.postgres).toBe(undefined);
    const { postgres } = secrets.get("engines")!.stringData;
    expect(secretsOf("policy").postgres).toBe(`postgres://countersign:${postgres}@postgres:5432/countersign`);
    for (const { metadata } of secrets.values()) expect(metadata.namespace).toBe("trading");
  });

  it("certifies each process by its name, its agent's and its Service's, by one authority", () => {
    const { secrets } = founded();
    const files = secrets.get("validator-1-tls")!.stringData;
    const [cert, ca] = [new X509Certificate(files["tls.crt"]!), new X509Certificate(files["ca.crt"]!)];
    expect(cert.subjectAltName).toBe(
      "DNS:validator-1, DNS:validator, DNS:validator-1.trading, DNS:validator-1.trading.svc, DNS:validator-1.trading.svc.cluster.local",
    );
    expect(cert.verify(ca.publicKey)).toBe(true);
    expect(new Set([...secrets.values()].flatMap(({ stringData }) => stringData["ca.crt"] ?? [])).size).toBe(1);
    expect([...secrets.keys()].filter((name) => name.endsWith("-tls"))).toHaveLength(15);
  });

  it("says of its files where they are in every image, and of its limits every byte", () => {
    const { values } = founded();
    expect(values.cluster.market.traces).toEqual([{ path: "markets/aapl-spx-1d.csv.gz" }]);
    expect(values.cluster.strategies).toEqual(["strategies/trend.ts"]);
    expect(Buffer.from(values.cluster.limitsFile)).toEqual(Buffer.from(loadLimits(choice.limits).bytes));
    expect(values.engines).toEqual({ enabled: true });
    expect(values.desk).toEqual({ enabled: true, keys: [] });
  });

  it("names a login of its own for each process in a database that is given", () => {
    const postgres = "postgres://{process}:{password}@db-rw:5432/countersign?sslmode=verify-full";
    const { values, secrets } = founded({ engines: { postgres } });
    const urlOf = (name: string) => new URL(JSON.parse(secrets.get(name)!.stringData["secrets.json"]!).postgres);
    expect([urlOf("validator-1").username, urlOf("policy").username]).toEqual(["validator_1", "policy"]);
    expect(urlOf("policy").password).not.toBe(urlOf("hedger").password);
    expect([secrets.has("engines"), values.engines]).toEqual([false, undefined]);
  });

  it("holds no venue key in shadow, and the persons' own keys only where a desk is wanted", () => {
    const { values, secrets } = founded({ mode: "shadow", cofounders: ["person:ann"], desk: true });
    for (const { stringData } of secrets.values())
      expect(stringData["secrets.json"] ?? "").not.toMatch(/venueKey|dropCopyKeys/);
    expect(secrets.has("paper-exchange")).toBe(false);
    expect(values.desk.keys.toSorted()).toEqual([
      "person_ada.approval.key",
      "person_ada.envelope.key",
      "person_ann.approval.key",
      "person_ann.envelope.key",
    ]);
    // And nothing else: no password either.
    const desk = secrets.get("desk")?.stringData ?? {};
    expect(Object.keys(desk).toSorted()).toEqual(values.desk.keys.toSorted());
    for (const key of values.desk.keys) expect(desk[key]).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it("is in the logs when who holds no key has delivered it, and once however often that is done", async () => {
    const files = founded();
    const ports = await freePorts(3);
    const servers = Object.fromEntries(VALIDATORS.map((name, n) => [name, [`127.0.0.1:${ports[n]}`]]));
    const log = new MemoryQuorumLog();
    const doors: GrpcRpc[] = [];
    try {
      const job = folderOf("found", files, servers);
      const steps: string[] = [];
      // Before anybody answers, and before there is a majority: it waits.
      const delivering = deliverFounding(job, (text) => steps.push(text));
      for (const name of VALIDATORS) doors.push(await serve(name, folderOf(name, files, servers), log));
      await delivering;
      await deliverFounding(job, (text) => steps.push(text));
      const told = ["the genesis is entry 1 of its log", "the deposit is entry 1 of its log"];
      expect(steps).toEqual([...told, ...told]);
      expect([(await log.head("control")).seq, (await log.head("ledger")).seq]).toEqual([1n, 1n]);
      expect(() => readSecrets(job)).toThrow(/no secrets are there/);
    } finally {
      for (const door of doors) await door.close(0);
    }
  });

  it("is refused where the genesis is another one than the validators'", async () => {
    const files = founded();
    rmSync(join(root, "my-cluster"), { recursive: true });
    const other = founded();
    const ports = await freePorts(3);
    const servers = Object.fromEntries(VALIDATORS.map((name, n) => [name, [`127.0.0.1:${ports[n]}`]]));
    const log = new MemoryQuorumLog();
    const doors: GrpcRpc[] = [];
    try {
      for (const name of VALIDATORS) doors.push(await serve(name, folderOf(name, files, servers), log));
      const tls = files.secrets.get("found-tls")!;
      other.secrets.set("found-tls", tls);
      await expect(deliverFounding(folderOf("found", other, servers))).rejects.toThrow();
      expect((await log.head("control")).seq).toBe(0n);
    } finally {
      for (const door of doors) await door.close(0);
    }
  }, 120_000);
});
