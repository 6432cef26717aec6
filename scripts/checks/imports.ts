// Who may import whom. Dependencies point inward: agents use packages, packages use smaller packages, and what two
// agents share is a message or a package.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";

/** What is wrong with the dependencies that workspaces declare and with the imports they make. */
export function importProblems(root: string): string[] {
  const workspaces = readWorkspaces(root);
  return [...workspaces.flatMap((one) => declarationProblems(one, workspaces)), ...sourceProblems(root, workspaces)];
}

const packages = {
  contracts: [],
  merkle: [],
  time: [],
  certificates: [],
  orders: ["contracts"],
  quant: [],
  envelope: ["contracts", "merkle"],
  permit: ["contracts", "envelope", "orders"],
  ledger: ["contracts", "orders"],
  audit: ["contracts", "envelope", "merkle"],
  postgres: ["certificates"],
  bus: ["contracts", "envelope", "time"],
  quorum: ["contracts", "envelope", "postgres"],
  runtime: ["contracts", "envelope", "bus", "postgres", "time"],
  engines: ["postgres"],
  grpc: ["contracts", "runtime", "certificates"],
  cache: ["certificates"],
  telemetry: [],
  proposer: ["contracts", "envelope", "ledger", "orders", "quorum", "runtime"],
} as const satisfies Record<string, readonly string[]>;

const anyPackage = "packages/*";
const mayImport: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    Object.entries(packages).map(([name, own]) => [`packages/${name}`, own.map((one) => `packages/${one}`)]),
  ),
  "agents/*": [anyPackage],
  // Venue adapters live inside Execution, because nobody else may hold one.
  "agents/execution": [anyPackage, "venues/*"],
  "venues/*": [anyPackage],
  platform: [anyPackage, "agents/*", "venues/*"],
  cli: [anyPackage, "platform"],
};

/** The one file outside the folders that is read as code: who may say what. */
const REVIEWED = "authority.json";

/** What a flag may change is what a process tells: whoever decides can ask no flag. */
const FLAGS = /^@openfeature\//;
const flagsAreReadBy = ["platform/src/processes/flags.ts", "platform/src/processes/flag-file.ts"];

/** Strategies are what users write: a pure function over estimators, and nothing else within reach. */
const strategiesMayImport = ["@countersign/quant"];

interface Workspace {
  readonly folder: string;
  readonly name: string;
  /** Those of ours. */
  readonly dependencies: readonly string[];
}

function readWorkspaces(root: string): Workspace[] {
  const manifests = globSync(["packages/*/package.json", "agents/*/package.json", "venues/*/package.json"], {
    cwd: root,
  });
  return [...manifests, "platform/package.json", "cli/package.json"].toSorted().map((file) => {
    const manifest: { name: string; dependencies?: Record<string, string> } = JSON.parse(
      readFileSync(join(root, file), "utf8"),
    );
    return {
      folder: dirname(file).split(sep).join("/"),
      name: manifest.name,
      dependencies: Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith("@countersign/")),
    };
  });
}

function declarationProblems({ folder, dependencies }: Workspace, workspaces: readonly Workspace[]): string[] {
  const allowed = mayImport[folder] ?? mayImport[folder.replace(/\/[^/]+$/, "/*")];
  if (allowed === undefined) return [`${folder} is not in the table of scripts/checks/imports.ts`];
  const folders = dependencies.map((name) => workspaces.find((one) => one.name === name)?.folder ?? name);
  return folders
    .filter((other) => !allowed.includes(other) && !allowed.includes(other.replace(/\/[^/]+$/, "/*")))
    .map((other) => `${folder} declares ${other}; it may have ${allowed.join(", ") || "none of ours"}`);
}

function sourceProblems(root: string, workspaces: readonly Workspace[]): string[] {
  const problems: string[] = [];
  for (const { folder, dependencies } of workspaces) {
    for (const { file, specifier } of importsBelow(root, folder)) {
      // A test may use what its folder may depend on, without making it a dependency of the folder.
      const isTestsOwn = file.endsWith(".test.ts") && maySee(folder, packageOf(specifier), workspaces);
      if (specifier.startsWith("@countersign/") && !isTestsOwn && !dependencies.includes(packageOf(specifier))) {
        problems.push(`${file} imports ${specifier}, which ${folder}/package.json does not name`);
      }
      const target = normalize(join(dirname(file), specifier))
        .split(sep)
        .join("/");
      if (specifier.startsWith(".") && !target.startsWith(`${folder}/`) && target !== REVIEWED) {
        problems.push(`${file} reaches out of ${folder}: ${specifier}`);
      }
      if (FLAGS.test(specifier) && !flagsAreReadBy.includes(file)) {
        problems.push(`${file} imports ${specifier}; flags are read in ${flagsAreReadBy.join(" and ")} alone`);
      }
    }
  }
  for (const { file, specifier } of importsBelow(root, "strategies")) {
    const isTest = file.endsWith(".test.ts");
    if (!isTest && !strategiesMayImport.includes(specifier))
      problems.push(`${file} imports ${specifier}; a strategy may import ${strategiesMayImport.join(", ")}`);
  }
  return problems;
}

function maySee(folder: string, name: string, workspaces: readonly Workspace[]): boolean {
  const other = workspaces.find((one) => one.name === name)?.folder;
  const allowed = mayImport[folder] ?? mayImport[folder.replace(/\/[^/]+$/, "/*")] ?? [];
  return (
    other !== undefined &&
    (other === folder || [other, other.replace(/\/[^/]+$/, "/*")].some((one) => allowed.includes(one)))
  );
}

function importsBelow(root: string, folder: string): { file: string; specifier: string }[] {
  const files = globSync(`${folder}/**/*.{ts,tsx,mts,mjs,js}`, {
    cwd: root,
    exclude: (name) => name === "node_modules",
  });
  return files.toSorted().flatMap((file) => {
    const source = readFileSync(join(root, file), "utf8");
    return [...source.matchAll(IMPORT)].map(([, specifier = ""]) => ({ file: file.split(sep).join("/"), specifier }));
  });
}

/** `… from "x"`, `import "x"`, `import("x")`. */
const IMPORT = /^(?!\s*(?:\/\/|\*)).*?\b(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/gm;

function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, 2).join("/");
}
