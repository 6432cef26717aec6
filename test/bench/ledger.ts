/**
 * What a quorum commits to the ledger: three members of etcd and three validators, each a process with a store of its own, and proposals
 * at a rate to one of them; each is checked by three, certified by two votes, and committed in etcd's log, several in one entry where they
 * come together.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ground } from "../nemesis/ground.ts";
import { quantile } from "../support/quantile.ts";
import { cpuOfDescendants, programOf, spentBetween } from "./cpu.ts";
import type { Round } from "./ledger-load.ts";

const WARM_S = 5;

/** @param rates proposals a second */
export async function benchLedger(rates: readonly number[], seconds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  try {
    await using ground = await Ground.open(dir);
    const load = await ground.startClients(join(import.meta.dirname, "ledger-load.ts"), {});
    console.log(
      "proposals/s  committed/s  proposals an entry     p50      p95      p99   processor, ms in each second",
    );
    for (const rate of rates) {
      await load.ask<Round>(`${rate} ${WARM_S}`);
      const before = cpuOfDescendants();
      const round = await load.ask<Round>(`${rate} ${seconds}`);
      const spent = spentBetween(before, cpuOfDescendants(), (pid) => ground.hostOf(pid) ?? programOf(pid));
      console.log(lineOf(rate, round, spent));
    }
    await load.end();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function lineOf(
  rate: number,
  { delays, entries, unanswered, tookS }: Round,
  spent: ReadonlyMap<string, number>,
): string {
  const ms = (p: number) => `${quantile(delays, p).toFixed(0)} ms`.padStart(8);
  const busiest = [...spent].toSorted(([, a], [, b]) => b - a).slice(0, 7);
  const cost = busiest.map(([name, spentMs]) => `${name} ${(spentMs / tookS).toFixed(0)}`).join(", ");
  const left = unanswered > 0 ? `   ${unanswered} unanswered` : "";
  const each = (delays.length / entries).toFixed(1).padStart(18);
  const committed = (delays.length / tookS).toFixed(0).padStart(11);
  return `${String(rate).padStart(11)}  ${committed}  ${each}${ms(0.5)} ${ms(0.95)} ${ms(0.99)}   ${cost}${left}`;
}
