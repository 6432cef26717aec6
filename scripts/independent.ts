/**
 * Has a run's audit log judged by others' code: `npm run independent [-- audit.jsonl]`, without a file the last run's, and without a run a
 * new one. Checkpoints, cosignatures and RFC 6962 proofs go to `test/independent`, in Go, which knows nothing of ours: it accepts each as
 * it is, and refuses it with any one bit flipped. Exit code 0: so it was; 1: not so; 2: there is no Go on this machine.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  auditLines,
  formatConsistency,
  formatProof,
  parseCheckpoint,
  proveConsistency,
  proveInclusion,
  verifyAudit,
} from "@countersign/audit";
import { cloneFile, findRun, InputError } from "@countersign/platform";
import { defaults } from "../cli/src/demo/defaults.ts";
import { root, run } from "./run.ts";

/** Records whose place is proven: the first, the last, and some between them. */
const RECORDS = 9;

const [given] = process.argv.slice(2);
process.exitCode = await judge(given);

async function judge(file: string | undefined): Promise<number> {
  const go = await run("go", ["version"]);
  if (go.code !== 0) {
    console.error("independent: there is no Go here (https://go.dev/dl, 1.25 or later): nothing was checked");
    return 2;
  }
  const path = file ?? (await lastRun());
  const found = takeProofs([...auditLines(readFileSync(path))]);
  console.log(`${path}\n${found.checkpoints.at(-1)}`);
  const dir = mkdtempSync(join(tmpdir(), "countersign-independent-"));
  try {
    writeFileSync(join(dir, "export.json"), JSON.stringify(found));
    const cwd = join(root, "test", "independent");
    const { code } = await run("go", ["run", ".", join(dir, "export.json")], { cwd, show: true });
    console.log(code === 0 ? `accepted by others' code, ${go.output.trim()}` : "NOT accepted");
    return code;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function lastRun(): Promise<string> {
  const runs = cloneFile(defaults.runs);
  try {
    return join(findRun(runs), "audit.jsonl");
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    await run("countersign", ["demo"], { show: true });
    return join(findRun(runs), "audit.jsonl");
  }
}

/** As `test/independent/main.go` reads it. */
function takeProofs(lines: readonly string[]) {
  const { checkpoints: verified } = verifyAudit(lines);
  const last = verified.at(-1);
  if (last === undefined) throw new Error("the file has no checkpoint that holds: see `countersign audit verify`");
  const read = lines.map((line) => JSON.parse(line));
  const notes: readonly string[] = read.flatMap(({ checkpoint }) => checkpoint ?? []);
  const places = Array.from({ length: RECORDS }, (_, n) => Math.floor((n * (last.size - 1)) / (RECORDS - 1)));
  return {
    logKey: last.key,
    cosignerKeys: last.cosigners.map(({ key }) => key),
    checkpoints: notes,
    inclusion: places.map((index) => {
      const proof = proveInclusion(lines, { index });
      return { body: Buffer.from(proof.bodyBytes).toString("base64"), proof: formatProof(proof) };
    }),
    consistency: notes.slice(0, -1).map((from) => {
      const size = parseCheckpoint(from.slice(0, from.lastIndexOf("\n\n") + 1))?.size ?? 0;
      return { from, proof: formatConsistency(proveConsistency(lines, size)) };
    }),
  };
}
