import { expect, it } from "vitest";
import { readWarnings } from "./client.ts";
import { isRefusedBy } from "./dry-run.ts";
import { type KubeObject, kindOf, parseManifests, podOf } from "./manifests.ts";

const template = { metadata: { labels: { a: "b" } }, spec: { containers: [] } };

it("a file holds as many objects as it has documents, and the items of its lists", () => {
  const list = "apiVersion: v1\nkind: List\nitems: [{ kind: C, apiVersion: v1, metadata: {} }]";
  const found = parseManifests(`apiVersion: v1\nkind: A\n---\n# nothing\n---\n${list}\n`, "x.yaml");
  expect(found.map(({ object }) => object.kind)).toEqual(["A", "C"]);
});

it("a key that is said twice is an error, and the file is named", () => {
  expect(() => parseManifests("kind: A\nkind: B\n", "x.yaml")).toThrow(/^x\.yaml: .*unique/);
});

it("yes and on are true, as Kubernetes reads them", () => {
  expect(parseManifests("kind: A\nspec: { on: yes }")[0]!.object.spec).toEqual({ true: true });
});

it("each kind of workload makes a pod, and nothing else does", () => {
  const pods = ["Deployment", "StatefulSet", "Job", "Rollout"].map((kind) => podOf(workload(kind, { template })));
  expect(pods.map((pod) => [pod?.kind, pod?.metadata.name, pod?.metadata.labels])).toEqual([
    ["Pod", "deployment-x", { a: "b" }],
    ["Pod", "statefulset-x", { a: "b" }],
    ["Pod", "job-x", { a: "b" }],
    ["Pod", "rollout-x", { a: "b" }],
  ]);
  expect(podOf(workload("CronJob", { jobTemplate: { spec: { template } } }))?.kind).toBe("Pod");
  expect(podOf(workload("Certificate", { template }))).toBeUndefined();
});

it("a pod of a StatefulSet has a volume for each claim", () => {
  const pod = podOf(workload("StatefulSet", { template, volumeClaimTemplates: [{ metadata: { name: "data" } }] }));
  expect(pod?.spec).toMatchObject({ volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }] });
});

it("a kind is named with its group, but for the first", () => {
  expect(kindOf(workload("Deployment", {}))).toBe("apps/Deployment");
  expect(kindOf({ apiVersion: "v1", kind: "Service", metadata: {} })).toBe("Service");
});

it("what a server warns of is read out of the header, quotes and all", () => {
  expect(readWarnings('299 - "would violate \\"restricted\\"", 299 - "old"')).toEqual([
    'would violate "restricted"',
    "old",
  ]);
});

it("a fixture is refused by its rule: not by another one, nor for another reason", () => {
  const refusal = (policy: string) => {
    const message = `ValidatingAdmissionPolicy '${policy}' with binding 'x' denied request: …`;
    return { status: 403, body: { message }, warnings: [] };
  };
  expect(isRefusedBy(refusal("fixtures-no-root"), ["seccomp", "no-root"])).toBe(true);
  expect(isRefusedBy(refusal("fixtures-no-token"), ["no-root"])).toBe(false);
  expect(isRefusedBy({ status: 422, body: { message: "no-root: invalid" }, warnings: [] }, ["no-root"])).toBe(false);
  expect(isRefusedBy({ status: 200, body: {}, warnings: [] }, ["no-root"])).toBe(false);
});

function workload(kind: string, spec: object): KubeObject {
  return { apiVersion: "apps/v1", kind, metadata: { name: "x" }, spec };
}
