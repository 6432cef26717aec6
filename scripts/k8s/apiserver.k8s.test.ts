import { afterAll, beforeAll, expect, it } from "vitest";
import { type ApiServer, startApiServer } from "./apiserver.ts";
import { isAccepted, messageOf } from "./client.ts";
import { constraintDefinitions } from "./constraints.ts";
import type { KubeObject } from "./manifests.ts";
import { checkStrictly } from "./strict.ts";

const user = object("kafka.strimzi.io/v1", "KafkaUser", { authentication: { type: "tls" } });
const template = object("templates.gatekeeper.sh/v1", "ConstraintTemplate", {
  crd: { spec: { names: { kind: "Told" } } },
  targets: [{ target: "admission.k8s.gatekeeper.sh", rego: "package told" }],
});
const constraint = object("constraints.gatekeeper.sh/v1beta1", "Told", { match: { namespaces: ["default"] } });

let server: ApiServer;
beforeAll(async () => {
  const definitions = constraintDefinitions([template]);
  const kinds = new Set(["kafka.strimzi.io/KafkaUser", "templates.gatekeeper.sh/ConstraintTemplate"]);
  server = await startApiServer({ kinds, definitions });
}, 300_000);
afterAll(() => server?.[Symbol.asyncDispose]());

it("takes kinds of Kubernetes, of others, and of Gatekeeper's templates", async () => {
  const service = object("v1", "Service", { ports: [{ port: 4_000 }] });
  for (const one of [service, user, template, constraint]) expect(messageOf(await ask(one))).toBe("status 201");
});

it.each([
  ["a field that nobody declared", object("v1", "Service", { ports: [{ port: 1 }], undeclared: 1 }), "undeclared"],
  ["one of another's kind", object("kafka.strimzi.io/v1", "KafkaUser", { undeclared: 1 }), "undeclared"],
  ["a kind that it was not given", object("kafka.strimzi.io/v1", "KafkaTopic", {}), "knows no"],
  ["a value out of its range", object("v1", "Service", { ports: [{ port: 70_000 }] }), "65535"],
])("refuses %s, and says so", async (_, one, said) => {
  const answer = await ask(one);
  expect(isAccepted(answer)).toBe(false);
  expect(messageOf(answer)).toContain(said);
});

it("keeps nothing of a dry run", async () => {
  await ask(user);
  const kept = await server.client.send("GET", "/apis/kafka.strimzi.io/v1/namespaces/default/kafkausers");
  expect(kept.body.items).toEqual([]);
});

it("kubeconform with our schemas agrees, and refuses each of these kinds when it is spoilt", async () => {
  const manifests = [user, template, constraint].map((one) => ({ object: one }));
  expect(await checkStrictly([{ name: "x", manifests }])).toMatchObject({ problems: [] });
  const spoilt = { object: object("kafka.strimzi.io/v1", "KafkaUser", { acls: [] }) };
  const { problems } = await checkStrictly([{ name: "x", manifests: [spoilt] }]);
  expect(problems).toEqual([expect.stringContaining("KafkaUser x: ")]);
});

function ask(one: KubeObject) {
  return server.client.apply(one, { namespace: "default", isDryRun: true });
}

function object(apiVersion: string, kind: string, spec: object): KubeObject {
  return { apiVersion, kind, metadata: { name: "x" }, spec };
}
