/** A cluster whose validators come up one after the other is founded when two of them answer, and not before. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { GrpcRpc } from "@countersign/grpc";
import { MemoryQuorumLog } from "@countersign/quorum";
import { expect, it } from "vitest";
import { foundCluster, proposeFounding } from "../platform/src/processes/found.ts";
import { choiceOf } from "./crash/trial.ts";
import { serveValidator } from "./support/validators.ts";

it("genesis and deposit are both in the log when it says so", async () => {
  const dir = mkdtempSync(join(tmpdir(), "countersign-founding-"));
  const doors: GrpcRpc[] = [];
  try {
    const folder = join(dir, "cluster");
    const choice = choiceOf({ dir, seed: "1", speed: 20, hedge: "EURUSD", say: () => {} });
    await foundCluster(
      folder,
      { ...choice, kafka: ["127.0.0.1:1"] },
      { postgres: "postgres://nobody@127.0.0.1:1/none" },
    );
    const log = new MemoryQuorumLog();
    doors.push(await serveValidator(folder, "validator-1", log));
    const founding = proposeFounding(folder);
    // Long enough to be told that there is no quorum.
    await wait(1_000);
    expect(await log.head("control")).toMatchObject({ seq: 0n });
    for (const name of ["validator-2", "validator-3"] as const) doors.push(await serveValidator(folder, name, log));
    await founding;
    expect(await log.head("control")).toMatchObject({ seq: 1n });
    expect(await log.head("ledger")).toMatchObject({ seq: 1n });
  } finally {
    for (const door of doors) await door.close(0);
    rmSync(dir, { recursive: true, force: true });
  }
}, 60_000);
