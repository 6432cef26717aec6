import { expect, it } from "vitest";
import { firstComplaint, moduleFile } from "./go.ts";
import { stagingOf } from "./kubernetes.ts";
import { crdSources } from "./schemas/sources.ts";
import { kubernetesVersion, type Tool, tools } from "./table.ts";

const all: readonly (readonly [string, Tool])[] = Object.entries(tools);

it("every tool but Debian's has a version", () => {
  const without = all.filter(([, { version }]) => version === undefined).map(([name]) => name);
  const ofDebian = all.filter(([, { source }]) => source.kind === "debian").map(([name]) => name);
  expect(without).toEqual(ofDebian);
});

it("what comes from one module comes in one version, tools and definitions alike", () => {
  const versions = new Map<string, Set<string>>();
  const add = (module: string, version: string) =>
    versions.set(module, (versions.get(module) ?? new Set()).add(version));
  for (const [, { source }] of all) if (source.kind === "go") add(source.module, source.version);
  for (const { module, version } of crdSources) add(module, version);
  expect([...versions].filter(([, of]) => of.size > 1)).toEqual([]);
});

it("Kubernetes' parts are taken at the version that belongs to it", () => {
  expect(stagingOf("1.36.0")).toMatchObject({ "k8s.io/api": "k8s.io/api v0.36.0" });
  expect(Object.values(stagingOf("1.40.2")).every((to) => to.endsWith(" v0.40.2"))).toBe(true);
  expect(Object.keys(stagingOf(kubernetesVersion))).toHaveLength(33);
});

it("a tool is built in a module that requires and replaces what its own does", () => {
  const file = moduleFile({
    kind: "go",
    package: "example.dev/a/cmd/a",
    module: "example.dev/a",
    version: "v1.0.0",
    require: { "example.dev/b": "v1.1.0" },
    replace: { "example.dev/c v1.0.0": "example.dev/d v1.0.0" },
  });
  expect(file.split("\n").slice(2, -1)).toEqual([
    "require example.dev/a v1.0.0",
    "require example.dev/b v1.1.0",
    "replace example.dev/c v1.0.0 => example.dev/d v1.0.0",
  ]);
});

it("of what Go says, the first complaint is kept", () => {
  expect(firstComplaint("go: downloading a v1\n# a\na.go:1: undefined: b\na.go:2: undefined: c\n")).toBe(
    "a.go:1: undefined: b",
  );
});
