import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunOptions, root, run } from "./run.ts";

export interface TestResult {
  /** The titles from the outermost `describe` to the test, with spaces between. */
  readonly fullName: string;
  readonly status: string;
  /** Absolute path. */
  readonly file: string;
}

export interface TestRun {
  readonly tests: readonly TestResult[];
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What went wrong outside of any test: a file that does not load, a worker that died. Each is a failure too. */
  readonly broken: readonly string[];
  readonly output: string;
}

/** Runs vitest and reads what happened from its JSON report, never from its exit code alone. */
export async function runVitest(config: string, args: readonly string[], options: RunOptions = {}): Promise<TestRun> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-vitest-"));
  try {
    const report = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const configPath = join(root, config);
    const { code, output } = await run("vitest", ["run", "--config", configPath, ...reporters, ...args], options);
    return summarise(code, output, readReport(report));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function failedTests({ tests }: TestRun): readonly TestResult[] {
  return tests.filter(({ status }) => status === "failed");
}

/** The part of vitest's JSON report that we read. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function summarise(code: number, output: string, report: Report | undefined): TestRun {
  const files = report?.testResults ?? [];
  const tests = files.flatMap((file) =>
    file.assertionResults.map(({ fullName, status }) => ({ fullName, status, file: file.name })),
  );
  const count = (...statuses: string[]) => tests.filter((test) => statuses.includes(test.status)).length;
  const failed = count("failed");
  const broken = files
    .filter((file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"))
    .map((file) => `${file.name}: ${file.message}`);
  if (report === undefined) broken.push("vitest made no report");
  if (code !== 0 && failed + broken.length === 0) broken.push(`vitest ended with ${code} though no test failed`);
  return { tests, passed: count("passed"), failed, skipped: tests.length - count("passed", "failed"), broken, output };
}
