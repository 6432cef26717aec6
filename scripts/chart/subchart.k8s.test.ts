import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { CHART, template } from "./helm.ts";

/** A chart of somebody else's, of which ours is a part. */
let parent: string;

beforeAll(() => {
  parent = join(mkdtempSync(join(tmpdir(), "countersign-parent-")), "parent");
  mkdirSync(join(parent, "charts"), { recursive: true });
  cpSync(CHART, join(parent, "charts", "countersign"), {
    recursive: true,
    filter: (source) => source !== join(CHART, "golden"),
  });
  writeFileSync(
    join(parent, "Chart.yaml"),
    `apiVersion: v2
name: parent
version: 1.0.0
dependencies:
  - { name: countersign, version: 0.1.0, condition: countersign.enabled }
`,
  );
});

afterAll(() => rmSync(join(parent, ".."), { recursive: true, force: true }));

describe("the chart as a part of another", () => {
  it("takes whatever is global, and is left out where it is not enabled", async () => {
    const values = { global: { anything: { at: "all" } }, countersign: { enabled: false } };
    expect(await kinds(values)).toEqual([]);
  });

  it("says under its own name what is missing", async () => {
    await expect(kinds({ countersign: { enabled: true } })).rejects.toThrow("countersign found --dir");
  });

  it("refuses a value that nobody knows", async () => {
    await expect(kinds({ countersign: { mesch: { enabled: true } } })).rejects.toThrow(/mesch.*not allowed/);
  });

  it("renders what it renders alone", async () => {
    const engines = valuesFile({ engines: { enabled: true } });
    const alone = parseKinds(await template([join(CHART, "ci", "cluster.yaml"), engines]));
    const asPart = parseKinds(await template([wrapped(join(CHART, "ci", "cluster.yaml")), wrapped(engines)], parent));
    expect(asPart).toEqual(alone);
    expect(asPart.length).toBeGreaterThan(60);
  });
});

async function kinds(values: object): Promise<readonly string[]> {
  return parseKinds(await template([valuesFile(values)], parent));
}

function parseKinds(rendered: string): readonly string[] {
  return parseAllDocuments(rendered)
    .map((document) => document.toJS() as { kind: string; metadata: { name: string } } | null)
    .flatMap((object) =>
      object === null ? [] : [`${object.kind}/${object.metadata.name.replace(/-[0-9a-f]{8}$/, "")}`],
    )
    .toSorted();
}

/** The same values, under our name. */
function wrapped(file: string): string {
  const [document] = parseAllDocuments(readFileSync(file, "utf8"));
  return valuesFile({ countersign: document!.toJS() });
}

function valuesFile(values: object): string {
  const file = join(parent, `values-${Object.keys(values).join("-")}-${files++}.yaml`);
  writeFileSync(file, JSON.stringify(values));
  return file;
}

let files = 0;
