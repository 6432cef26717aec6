// The suite behind the safety case. First every promise's tests run as they are and must pass. Then, for each mark, the
// tests that name it run once more with the marked line left out, and one of them must fail: so no check can lose its
// test, and no test can pass without its check.
import { globSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runVitest, type TestRun } from "../scripts/vitest.ts";
import { findMarks, type Mark } from "./marks.ts";
import { type NotYet, promises } from "./promise-list.ts";

export interface Tally {
  passed: number;
  failed: number;
}

export interface SuiteOptions {
  /** The folder that holds `packages/`, `agents/` … and `test/promises/`. */
  readonly root: string;
  /** The ids of the promises that there are. */
  readonly known?: readonly string[];
  readonly notYet: readonly NotYet[];
  /** Promises or marks, such as `P01` or `P01.spent`, to be proven alone; empty: all. */
  readonly only?: readonly string[];
  readonly print: (line: string) => void;
}

/** Runs the suite and prints one line a finding. Counts promise tests, and each mark as one more test. */
export async function provePromises({ root, print, only = [], ...options }: SuiteOptions): Promise<Tally> {
  const isAsked = (id: string) => only.length === 0 || only.some((name) => name === id || name.startsWith(`${id}.`));
  const known = (options.known ?? promises.map(({ id }) => id)).filter(isAsked);
  const notYet = options.notYet.filter(({ promise }) => isAsked(promise));
  const found = findMarks(root);
  const marks = found.marks.filter(({ promise, name }) => isAsked(name) || only.includes(promise));
  const problems = only.length === 0 ? found.problems : [];
  const files = globSync("test/promises/*.test.ts", { cwd: root })
    .toSorted()
    .filter((path) => isAsked(promiseOf(path) ?? ""));
  if (files.length === 0 && marks.length === 0) {
    print("promises: there are no promise files and no marks yet");
    return { passed: 0, failed: 0 };
  }
  const findings = [...problems, ...gaps(files, marks, known, notYet)];
  for (const finding of findings) print(`FAILED  ${finding}`);

  const whole = await runVitest(CONFIG, ["--root", root, ...files]);
  for (const test of whole.tests) print(`${test.status === "passed" ? "ok    " : "FAILED"}  ${test.fullName}`);
  for (const reason of whole.broken) print(`FAILED  ${reason}`);
  if (whole.failed + whole.broken.length > 0) print(whole.output);

  const proofs = await inPairs(
    marks,
    (mark) => proveMark(root, mark, files, whole),
    (proof) => print(proof.line),
  );
  const proven = proofs.filter((proof) => proof.isProven).length;
  const postponed = new Set(notYet.map(({ promise }) => promise));
  // One mark alone keeps no promise.
  const asked = known.filter((id) => only.length === 0 || only.includes(id));
  const kept = asked.filter((id) => !postponed.has(id) && isKept(id, root, files, whole, proofs));
  print(`promises  ${kept.length} kept, ${postponed.size} not yet, of ${asked.length}`);
  print(`marks     ${proven} proven, of ${marks.length}`);
  return {
    passed: whole.passed + proven,
    failed: findings.length + whole.failed + whole.broken.length + marks.length - proven,
  };
}

const CONFIG = "test/vitest.promises.config.ts";
// A check left out can leave a loop without an end, which vitest's own time limits do not stop.
const HANGS_MS = 300_000;
const LEAVE_OUT = pathToFileURL(join(import.meta.dirname, "leave-out.mjs")).href;

interface Proof {
  readonly mark: Mark;
  readonly isProven: boolean;
  readonly line: string;
}

/** What keeps promises, files and marks from being one to one to many. */
function gaps(
  files: readonly string[],
  marks: readonly Mark[],
  known: readonly string[],
  notYet: readonly NotYet[],
): string[] {
  const found: string[] = [];
  const postponed = notYet.map(({ promise }) => promise);
  for (const file of files.filter((path) => promiseOf(path) === undefined))
    found.push(`${file} is not named Pnn-*.test.ts`);
  for (const { promise, issue, why } of notYet) {
    if (issue === "" || why === "") found.push(`${promise} is in not-yet.ts without issue or reason`);
  }
  const spoken = [
    ...postponed,
    ...marks.map((mark) => mark.promise),
    ...files.flatMap((path) => promiseOf(path) ?? []),
  ];
  for (const id of new Set(spoken)) if (!known.includes(id)) found.push(`there is no promise ${id}`);
  for (const id of known) {
    const own = files.filter((path) => promiseOf(path) === id);
    const ownMarks = marks.filter((mark) => mark.promise === id).length;
    if (own.length > 1) found.push(`${id} has ${own.length} test files; it must have one`);
    if (postponed.includes(id)) continue;
    if (own.length === 0 && ownMarks > 0) found.push(`${id} has ${ownMarks} marks and no test file`);
    if (own.length === 0 && ownMarks === 0) found.push(`${id} has neither a test file nor an entry in not-yet.ts`);
    if (own.length > 0 && ownMarks === 0) found.push(`${id} has a test file and no mark in the product`);
  }
  return found;
}

/** Runs the tests that name the mark, with its line left out. Proven means: the line was left out, and a test failed. */
async function proveMark(root: string, mark: Mark, files: readonly string[], whole: TestRun): Promise<Proof> {
  const unproven = (reason: string) => ({ mark, isProven: false, line: `FAILED  ${mark.name}  ${reason}` });
  const file = files.find((path) => promiseOf(path) === mark.promise);
  if (file === undefined) return unproven("has no promise file");
  const name = new RegExp(`(?<![\\w.-])${mark.name.replace(".", "\\.")}(?![\\w-])`);
  const named = whole.tests.filter((test) => basename(test.file) === basename(file) && name.test(test.fullName));
  if (named.length === 0) return unproven("is named by no test");
  if (named.some((test) => test.status !== "passed")) return unproven("is named by a test that does not pass as it is");

  const folder = mkdtempSync(join(tmpdir(), "countersign-mark-"));
  try {
    const receipt = join(folder, "receipt");
    const request = { file: realpathSync(join(root, mark.file)), mark: mark.name, receipt };
    // By NODE_OPTIONS, so that the programs which a test starts leave the line out as well.
    const env = {
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${LEAVE_OUT}`,
      LEAVE_OUT: JSON.stringify(request),
    };
    const run = await runVitest(CONFIG, ["--root", root, file, "-t", name.source], { env, timeoutMs: HANGS_MS });
    if (!wasLeftOut(receipt)) return unproven(`was never loaded by its tests\n${run.output}`);
    if (run.failed > 0)
      return { mark, isProven: true, line: `ok      ${mark.name}  left out → fails (${count(run.failed)})` };
    if (run.broken.length > 0) return unproven(`left out → does not run: ${run.broken.join("; ")}`);
    return unproven(`left out → nothing fails (${count(run.passed)})`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isKept(id: string, root: string, files: readonly string[], whole: TestRun, proofs: readonly Proof[]): boolean {
  const own = files.filter((path) => promiseOf(path) === id).map((path) => join(root, path));
  const tests = whole.tests.filter((test) => own.includes(test.file));
  const marks = proofs.filter((proof) => proof.mark.promise === id);
  const isRun = tests.length > 0 && tests.every((test) => test.status === "passed");
  return isRun && marks.length > 0 && marks.every((proof) => proof.isProven);
}

function promiseOf(file: string): string | undefined {
  return /^(P\d\d)-/.exec(basename(file))?.[1];
}

function wasLeftOut(receipt: string): boolean {
  try {
    return readFileSync(receipt, "utf8") !== "";
  } catch {
    return false;
  }
}

function count(tests: number): string {
  return tests === 1 ? "1 test" : `${tests} tests`;
}

/** Two at a time: a run is mostly start-up, and the smallest machine that builds this has two cores. */
async function inPairs<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  done: (result: R) => void,
): Promise<R[]> {
  const queue = [...items];
  const results: R[] = [];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const result = await work(item);
      done(result);
      results.push(result);
    }
  };
  await Promise.all([worker(), worker()]);
  return results;
}
