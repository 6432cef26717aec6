// A short seed of the nemesis; `npm run nemesis -- --minutes 2 --seed S` is the whole of it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { check } from "./check.ts";
import { trial } from "./trial.ts";

const SEED = "12";

it("a quorum whose hosts are parted, killed and stopped loses nothing, forks nothing and forgets no halt", async () => {
  const dir = mkdtempSync(join(tmpdir(), "countersign-nemesis-"));
  const { history, ended, faults } = await trial({ dir, seed: SEED, minutes: 0.25, say: () => {} });
  console.log(`seed ${SEED}: ${JSON.stringify(faults)}`);
  expect(check(history)).toEqual([]);
  expect(ended).toEqual([]);
  for (const kind of ["append", "read", "halt", "order"])
    expect(history.filter((event) => event.kind === kind).length, kind).toBeGreaterThan(0);
  rmSync(dir, { recursive: true });
}, 120_000);
