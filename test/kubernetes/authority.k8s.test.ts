// Brokers, networks and the mesh allow exactly what authority.json says, in every environment: no edge more, and no edge less.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Authority, joinAuthority } from "../../platform/src/authority.ts";
import { VALIDATORS } from "../../platform/src/genesis.ts";
import { joinTopology } from "../../platform/src/topology.ts";
import type { KubeObject } from "../../scripts/k8s/manifests.ts";
import { authorised, granted, meshed, outward, podsOf, reachable, routed, uncaptured } from "./support/allowed.ts";
import { readCanvases } from "./support/canvases.ts";
import { ENVIRONMENTS, render } from "./support/chart.ts";
import { type Edges, edgesOf } from "./support/expected.ts";

const canvases = await readCanvases();
const authority: Authority = JSON.parse(readFileSync(new URL("../../authority.json", import.meta.url), "utf8"));
const scaled = ["policy"];
const paper = edgesOf(authority, canvases, { mode: "paper", scaled });
const unscaled = edgesOf(authority, canvases, { mode: "paper" });

const sorted = (edges: Iterable<string>) => [...edges].toSorted();
const withoutPaths = ({ calls }: Edges) => new Set([...calls].map((call) => call.replace(/ \/.*$/, "")));
/** By the ports that k8s/data gives them. */
const PORTS: Readonly<Record<string, number>> = { kafka: 9_093, postgres: 5_432, redis: 6_379, etcd: 2_379 };
const byPort = ({ engines }: Edges, ports = PORTS) =>
  sorted([...engines].map((edge) => edge.replace(/\w+$/, (engine) => `${ports[engine]}`)));
const hasMesh = (objects: readonly KubeObject[]) => objects.some(({ kind }) => kind === "Sidecar");

function expectExactly(objects: readonly KubeObject[], edges: Edges): void {
  expect(sorted(granted(objects))).toEqual(sorted(edges.acls));
  expect(sorted(reachable(objects, 4_000))).toEqual(sorted(withoutPaths(edges)));
  expect(sorted(reachable(objects, 4_100))).toEqual(sorted(edges.trades));
  if (!hasMesh(objects)) return;
  expect(sorted(authorised(objects, 4_000))).toEqual(sorted(edges.calls));
  expect(sorted(authorised(objects, 4_100))).toEqual(sorted(edges.trades));
  expect(sorted(uncaptured(objects))).toEqual(byPort(edges));
}

describe.each(ENVIRONMENTS)("in %s", (environment) => {
  it("ACLs, network policies and mesh policies have the edges of authority.json, no more and no less", async () => {
    const objects = await render({ environment });
    expectExactly(objects, objects.some(({ kind }) => kind === "ScaledObject") ? paper : unscaled);
  });

  it("whoever a policy names is a pod with that service account", async () => {
    for (const { name, component, serviceAccount } of podsOf(await render({ environment })))
      expect({ name, serviceAccount }).toEqual({ name, serviceAccount: component });
  });
});

it("production and staging have the mesh, so that its policies are among those compared", async () => {
  for (const environment of ["staging", "prod"] as const) expect(hasMesh(await render({ environment }))).toBe(true);
});

it("in the mesh a process finds those whom it calls, and nobody else", async () => {
  const objects = await render({ environment: "prod" });
  // A person asks every process how it is.
  const figures = sorted(reachable(objects, 9_090)).filter((edge) => edge.startsWith("desk → "));
  expect(figures).toHaveLength(13);
  expect(sorted(routed(objects))).toEqual(sorted(new Set([...withoutPaths(paper), ...paper.trades, ...figures])));
});

it("a sidecar leaves to its process what network policies let out to engines, which have TLS of their own", async () => {
  const objects = await render({ environment: "prod" });
  const engines = new Set(Object.values(PORTS).map(String));
  const allowed = [...outward(objects)].filter((edge) => engines.has(edge.split(" ").at(-1) ?? ""));
  expect(allowed).not.toEqual([]);
  expect(sorted(uncaptured(objects))).toEqual(sorted(allowed));
});

it("… also where there are no network policies to say so", async () => {
  const objects = await render({ environment: "prod", values: { networkPolicy: { enabled: false } } });
  expect(sorted(uncaptured(objects))).toEqual(byPort(paper));
});

it("engines of the chart's own, and whoever speaks with these alone, are no part of a mesh", async () => {
  const objects = await render({ environment: "laptop", values: { mesh: { enabled: true } } });
  const inside = new Set(meshed(objects).map(({ component }) => component));
  const outside = podsOf(objects).filter(({ component }) => !inside.has(component));
  expect(sorted(outside.map(({ component }) => component))).toEqual(["etcd", "kafka", "postgres", "redis", "topics"]);
  expect(sorted(uncaptured(objects))).toEqual(byPort(paper, { ...PORTS, kafka: 9_092 }));
});

it("without a mesh nobody is told of one", async () => {
  const objects = await render({ environment: "dev" });
  expect(meshed(objects)).toEqual(podsOf(objects));
  expect(sorted(uncaptured(objects))).toEqual([]);
});

it("figures are read by the desk alone, beside those who watch from another namespace", async () => {
  const readers = [...reachable(await render({ environment: "prod" }), 9_090)].map((edge) => edge.split(" ")[0]);
  expect(new Set(readers)).toEqual(new Set(["desk"]));
});

it("in shadow no way leads to an exchange, and none is there", async () => {
  const objects = await render({ environment: "prod", values: { cluster: { mode: "shadow" } } });
  expectExactly(objects, edgesOf(authority, canvases, { mode: "shadow", scaled }));
  expect(sorted(reachable(objects, 4_100))).toEqual([]);
  expect(podsOf(objects).map(({ component }) => component)).not.toContain("paper-exchange");
});

it("the next version of Signal reads what it is compared with, says nothing, and calls nobody", async () => {
  const objects = await render({ environment: "prod", values: { signalCanary: { enabled: true } } });
  expectExactly(objects, edgesOf(authority, canvases, { mode: "paper", signalCanary: true, scaled }));
  expect(podsOf(objects).map(({ component }) => component)).toContain("signal-canary");
});

it("with engines of its own each is reached by those who need it, and by no other port", async () => {
  const objects = await render({ environment: "laptop" });
  const processes = Object.keys(authority.agents).flatMap((agent) => (agent === "validator" ? VALIDATORS : [agent]));
  const to = (engine: string, clients: readonly string[]) => sorted(clients.map((client) => `${client} → ${engine}`));
  expect(sorted(reachable(objects, 4_000))).toEqual(sorted(withoutPaths(paper)));
  expect(sorted(reachable(objects, 2_379))).toEqual(to("etcd", VALIDATORS));
  expect(sorted(reachable(objects, 5_432))).toEqual(to("postgres", processes));
  expect(sorted(reachable(objects, 6_379))).toEqual(to("redis", processes));
  expect(sorted(reachable(objects, 9_092))).toEqual(to("kafka", [...processes, "paper-exchange", "desk", "topics"]));
  expect(sorted(reachable(objects, 22))).toEqual([]);
});

it("with the default alone no pod reaches anything: it denies both directions to everybody", async () => {
  const objects = await render({ environment: "prod" });
  const deny = objects.filter(({ kind, metadata }) => kind !== "NetworkPolicy" || metadata.name === "default-deny");
  for (const port of [4_000, 4_100, 9_090, 9_093, 5_432, 22]) expect(sorted(reachable(deny, port))).toEqual([]);
});

it("another word in one canvas changes ACLs, network policies and mesh policies, and each as the canvas says", async () => {
  const changed = canvases.map((canvas) =>
    canvas.agent === "market"
      ? {
          ...canvas,
          observes: [...canvas.observes, { topic: "risk.policy.v1", as: "group" as const }],
          publishes: [...canvas.publishes, { topic: "signals.market.v1", types: ["market.signal"] }],
          calls: [...canvas.calls, "PolicyService.Validate"],
        }
      : canvas,
  );
  const said = joinAuthority(changed);
  const before = await render({ environment: "prod" });
  const after = await render({ environment: "prod", topology: joinTopology(said, changed) });
  expectExactly(after, edgesOf(said, changed, { mode: "paper", scaled }));

  const added = (of: (objects: readonly KubeObject[]) => ReadonlySet<string>) =>
    sorted([...of(after)].filter((edge) => !of(before).has(edge)));
  expect(added((objects) => reachable(objects, 4_000))).toEqual(["market → policy"]);
  expect(added((objects) => authorised(objects, 4_000))).toEqual([
    "market → policy /countersign.v1.PolicyService/Validate",
  ]);
  expect(added(routed)).toEqual(["market → policy"]);
  expect(added(granted).filter((edge) => edge.startsWith("market may"))).toEqual([
    "market may Describe group/literal market",
    "market may Describe topic/literal risk.policy.v1",
    "market may Describe topic/literal risk.policy.v1.market.dlq",
    "market may Describe topic/literal signals.market.v1",
    "market may Read group/literal market",
    "market may Read topic/literal risk.policy.v1",
    "market may Write topic/literal risk.policy.v1.market.dlq",
    "market may Write topic/literal signals.market.v1",
  ]);
});
