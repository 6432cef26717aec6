// Three engines and one set of rules: each refuses the fixtures by the rules that the fixtures name, and takes what the chart renders.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { conftest } from "../../policy/conftest.ts";
import { gator, gatorReviews } from "../../policy/gator.ts";
import { readRules } from "../../policy/rules.ts";
import { type ApiServer, startApiServer } from "../../scripts/k8s/apiserver.ts";
import { isAccepted, messageOf } from "../../scripts/k8s/client.ts";
import { type KubeObject, podOf } from "../../scripts/k8s/manifests.ts";
import { ENVIRONMENTS, NAMESPACE, render } from "./support/chart.ts";
import { readFixtures } from "./support/fixtures.ts";

const fixtures = readFixtures();
const admission = { validatingAdmissionPolicy: { enabled: true }, gatekeeper: { enabled: true }, digests: true };
const rendered = await render({ environment: "prod", values: { admission } });
const isOfGatekeeper = ({ apiVersion }: KubeObject) => apiVersion.includes("gatekeeper.sh");
const gatekeeper = rendered.filter(isOfGatekeeper);
const built = rendered.filter(({ apiVersion }) => apiVersion.startsWith("admissionregistration"));

/** Who brings what, and the rules that refuse it. */
interface Ask {
  readonly brings: string;
  readonly user: string;
  readonly object: KubeObject;
  readonly refusedBy: readonly string[];
}
const PERSON = "ann";
const STRIMZI = "system:serviceaccount:strimzi:strimzi-cluster-operator";
const asks = fixtures.flatMap(({ file, object, refusedBy, acceptedFrom: user }): Ask[] => {
  const of = { brings: file, object, refusedBy };
  if (user === undefined)
    return refusedBy.length === 0 || isOfPods(object)
      ? []
      : [{ ...of, object: withLabels(object, { "strimzi.io/cluster": "kafka" }), user: STRIMZI }];
  const unlabelled = { ...object, metadata: { ...object.metadata, labels: {} } };
  return [
    { ...of, user, refusedBy: [] },
    { ...of, user: PERSON },
    { ...of, user: user.replace(/:[^:]+(:[^:]+)$/, ":elsewhere$1") },
    { ...of, user, object: unlabelled, brings: `${file} without its label` },
  ];
});
const broker = asks.find(({ user, refusedBy }) => user === STRIMZI && refusedBy.length === 0);
if (broker === undefined) throw new Error("no fixture says that an operator may bring it");
const relabelled = withLabels(broker.object, { "strimzi.io/pod-name": "broker" });
const changed = { ...broker.object, spec: changedImage(broker.object.spec as PodSpec) };

const wanted = fixtures.map(({ file, refusedBy }) => ({ file, refusedBy }));
const ruleOf = (message: string) => message.split(":")[0] ?? "";
const unique = (names: readonly string[]) => [...new Set(names)].toSorted();

it("every rule refuses a fixture by itself, but the one that others stand before", () => {
  const alone = unique(fixtures.flatMap(({ refusedBy }) => (refusedBy.length === 1 ? refusedBy : [])));
  const rules = readRules().map(({ name }) => name);
  // What is not named letter by letter is nobody's; what is latest has no digest.
  expect(rules.filter((name) => !alone.includes(name))).toEqual(["literal-acl", "pinned-image"]);
  expect(fixtures.flatMap(({ refusedBy }) => refusedBy).filter((name) => !rules.includes(name))).toEqual([]);
});

describe("conftest", () => {
  it("refuses each fixture by the rules that it names, and by no others", async () => {
    const refusals = await conftest(
      fixtures.map(({ file }) => file),
      { digests: true },
    );
    const found = fixtures.map(({ file }) => ({
      file,
      refusedBy: unique(refusals.filter((one) => one.file === file).map(({ message }) => ruleOf(message))),
    }));
    expect(found).toEqual(wanted);
  });

  it("says so where it was given nothing to look at", async () => {
    const dir = mkdtempSync(join(tmpdir(), "countersign-nothing-"));
    const file = join(dir, "nothing.yaml");
    writeFileSync(file, "");
    await expect(conftest([file], { digests: false })).rejects.toThrow("no document");
    rmSync(dir, { recursive: true });
  });

  it.each(ENVIRONMENTS)("takes what the chart renders in %s", async (environment) => {
    const dir = mkdtempSync(join(tmpdir(), "countersign-render-"));
    const file = join(dir, `${environment}.yaml`);
    const objects = await render({ environment });
    writeFileSync(file, objects.map((one) => stringify(one, { lineWidth: 0 })).join("---\n"));
    expect(await conftest([file], { digests: false })).toEqual([]);
    rmSync(dir, { recursive: true });
  });
});

describe("gatekeeper", () => {
  it("refuses each fixture by the rules that it names, and by no others", async () => {
    expect(gatekeeper).toHaveLength(2 * readRules().length);
    const violations = await gator(
      gatekeeper,
      fixtures.map(({ object }) => object),
    );
    const found = fixtures.map(({ file }, at) => ({
      file,
      refusedBy: unique(violations.filter(({ index }) => index === at).map(({ message }) => ruleOf(message))),
    }));
    expect(found).toEqual(wanted);
  });

  it.each(ENVIRONMENTS)("takes what the chart renders in %s", async (environment) => {
    // Its own rules are not asked: nothing is promoted here, so no image has a digest.
    const objects = (await render({ environment })).filter((object) => !isOfGatekeeper(object)).map(inNamespace);
    const tagged = gatekeeper.filter(
      ({ kind, metadata }) => !`${kind}${metadata.name}`.toLowerCase().includes("imagebydigest"),
    );
    expect(await gator(tagged, objects)).toEqual([]);
  });

  it("leaves an operator's pods to it, to nobody of its name elsewhere, and nothing else to it", async () => {
    const found = await gatorReviews(gatekeeper, asks);
    const told = asks.map(({ brings, user }, at) => ({ brings, user, refusedBy: unique(found[at] ?? []) }));
    expect(told).toEqual(asks.map(({ brings, user, refusedBy }) => ({ brings, user, refusedBy })));
  });

  it("asks of an update what it changes of the pods", async () => {
    const oldObject = broker.object;
    const found = await gatorReviews(gatekeeper, [
      { user: PERSON, object: relabelled, oldObject },
      { user: PERSON, object: changed, oldObject },
    ]);
    expect(found.map(unique)).toEqual([[], ["image-by-digest", "no-token", "read-only-root"]]);
  });

  it("refuses in the namespace of the release, and nowhere else", async () => {
    const objects = fixtures.map(({ object }) => ({
      ...object,
      metadata: { ...object.metadata, namespace: "default" },
    }));
    expect(await gator(gatekeeper, objects)).toEqual([]);
  });
});

describe("a real API server", () => {
  let server: ApiServer;
  const dryRun = (object: KubeObject) => server.client.apply(object, { namespace: NAMESPACE, isDryRun: true });

  beforeAll(async () => {
    server = await startApiServer();
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
    const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    // Pods have an account, and nothing here gives it to a new namespace.
    for (const name of [NAMESPACE, "elsewhere"])
      for (const object of [namespace(name), account])
        expect((await server.client.apply(object, { namespace: name, isDryRun: false })).status).toBe(201);
    for (const object of built) {
      const answer = await server.client.apply(object, { namespace: NAMESPACE, isDryRun: false });
      expect({ message: messageOf(answer), status: answer.status }).toMatchObject({ status: 201 });
    }
    // A server reads new policies a moment after it has stored them: from the first refusal of each rule on, all are there.
    for (const { object, refusedBy } of fixtures)
      while (refusedBy.length > 0 && isAccepted(await dryRun(object))) await sleep(50);
  }, 300_000);
  afterAll(() => server?.[Symbol.asyncDispose]());

  it("takes a policy and a binding for each rule", () => {
    expect(built).toHaveLength(2 * readRules().length);
  });

  // It answers with one refusal, of whichever rule it asked first.
  it.each(fixtures.filter(({ refusedBy }) => refusedBy.length > 0))("refuses $file by $refusedBy", async (fixture) => {
    const answer = await dryRun(fixture.object);
    expect(answer.status).toBe(403);
    expect(fixture.refusedBy).toContain(/denied request: ([a-z-]+):/.exec(messageOf(answer))?.[1]);
  });

  it.each(fixtures.filter(({ refusedBy }) => refusedBy.length === 0))("takes $file", async ({ object }) => {
    const answer = await dryRun(object);
    expect({ message: messageOf(answer), accepted: isAccepted(answer) }).toMatchObject({ accepted: true });
  });

  it.each(asks)("is brought $brings by $user, and refuses it by $refusedBy", async ({ user, object, refusedBy }) => {
    const answer = await server.client.apply(object, { namespace: NAMESPACE, isDryRun: true, as: user });
    if (refusedBy.length === 0) expect(messageOf(answer)).toBe(`status ${answer.status}`);
    else expect(refusedBy).toContain(/denied request: ([a-z-]+):/.exec(messageOf(answer))?.[1]);
    expect(isAccepted(answer)).toBe(refusedBy.length === 0);
  });

  it("asks of an update what it changes of the pods", async () => {
    const kept = { namespace: NAMESPACE, isDryRun: false };
    expect((await server.client.apply(broker.object, { ...kept, as: broker.user })).status).toBe(201);
    expect((await server.client.apply(relabelled, { ...kept, as: PERSON })).status).toBe(200);
    expect((await server.client.apply(changed, { ...kept, as: PERSON })).status).toBe(403);
    expect((await server.client.apply(changed, { ...kept, as: broker.user })).status).toBe(200);
  });

  it("takes the chart's own users, topics, network policies and mesh policies", async () => {
    const kinds = ["KafkaTopic", "KafkaUser", "NetworkPolicy", "AuthorizationPolicy", "PeerAuthentication", "Sidecar"];
    const own = rendered.filter(({ kind }) => kinds.includes(kind));
    expect(unique(own.map(({ kind }) => kind))).toEqual(kinds.toSorted());
    for (const object of own) {
      const answer = await dryRun(object);
      expect({
        kind: object.kind,
        name: object.metadata.name,
        message: messageOf(answer),
        status: answer.status,
      }).toMatchObject({ status: 201 });
    }
  });

  it("leaves other namespaces alone", async () => {
    for (const { file, object } of fixtures) {
      const elsewhere = { ...object, metadata: { ...object.metadata, namespace: "elsewhere" } };
      const answer = await server.client.apply(elsewhere, { namespace: "elsewhere", isDryRun: true });
      expect({ file, message: messageOf(answer) }).not.toMatchObject({
        message: expect.stringContaining("ValidatingAdmissionPolicy"),
      });
    }
  });
});

function inNamespace(object: KubeObject): KubeObject {
  return { ...object, metadata: { namespace: NAMESPACE, ...object.metadata } };
}

function isOfPods(object: KubeObject): boolean {
  return object.kind === "Pod" || podOf(object) !== undefined;
}

interface PodSpec {
  readonly containers: readonly { readonly image: string }[];
}

function changedImage(spec: PodSpec): PodSpec {
  return { ...spec, containers: spec.containers.map((one) => ({ ...one, image: `${one.image}-1` })) };
}

function withLabels(object: KubeObject, labels: Readonly<Record<string, string>>): KubeObject {
  return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels } } };
}
