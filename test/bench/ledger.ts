/**
 * What the quorum commits to the ledger: deposits that a person signs, proposed at a rate to one validator of a cluster that trades nothing
 * else; each is checked by three, certified by two votes, and committed in etcd's log, several in one entry where they come together.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { money } from "@countersign/orders";
import { Desk, startCluster } from "@countersign/platform";
import { RpcError } from "@countersign/runtime";
import { choiceOf } from "../crash/trial.ts";
import { quantile } from "../support/quantile.ts";
import { cpuOfDescendants, programOf, spentBetween } from "./cpu.ts";

const WARM_S = 5;
const TICK_MS = 5;

/** @param rates proposals a second */
export async function benchLedger(rates: readonly number[], seconds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  try {
    const folder = join(dir, "cluster");
    // A market so slow that nothing happens in it.
    const choice = choiceOf({ dir, seed: "1", speed: 0.001, hedge: "EURUSD", say: () => {} });
    await using cluster = await startCluster(folder, { choice });
    await using desk = new Desk(folder);
    await desk.readWhole();
    const { account } = desk.spec;
    let count = 0;
    const deposit = () => desk.person.deposit(account, money(1n, 2, "USD"), `bench ${++count}`, "validator-1");

    console.log(
      "proposals/s  committed/s  proposals an entry     p50      p95      p99   processor, ms in each second",
    );
    for (const rate of rates) {
      await load(deposit, rate, WARM_S);
      const before = cpuOfDescendants();
      const { delays, seqs, unanswered, tookS } = await load(deposit, rate, seconds);
      const names = new Map(
        cluster.supervisor.states().flatMap(({ name, pid }) => (pid ? [[pid, name] as const] : [])),
      );
      const spent = spentBetween(before, cpuOfDescendants(), (pid) => names.get(pid) ?? programOf(pid));
      const busiest = [...spent].toSorted(([, a], [, b]) => b - a).slice(0, 5);
      const ms = (p: number) => `${quantile(delays, p).toFixed(0)} ms`.padStart(8);
      console.log(
        `${String(rate).padStart(11)}  ${(delays.length / tookS).toFixed(0).padStart(11)}  ` +
          `${(delays.length / seqs.size).toFixed(1).padStart(18)}${ms(0.5)} ${ms(0.95)} ${ms(0.99)}   ` +
          `${unanswered > 0 ? `${unanswered} unanswered; ` : ""}` +
          busiest.map(([name, spentMs]) => `${name} ${(spentMs / tookS).toFixed(0)}`).join(", "),
      );
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** An open loop: proposals go out at their rate, whatever has been answered. Until the last is answered. */
async function load(deposit: () => Promise<{ readonly seq?: bigint | undefined }>, rate: number, seconds: number) {
  const delays: number[] = [];
  const seqs = new Set<bigint>();
  let unanswered = 0;
  const open: Promise<void>[] = [];
  const begun = performance.now();
  for (let sent = 0; sent < rate * seconds; await wait(TICK_MS)) {
    const due = Math.min(rate * seconds, ((performance.now() - begun) / 1_000) * rate);
    for (; sent < due; sent++) {
      const sentMs = performance.now();
      open.push(
        deposit().then(
          ({ seq }) => {
            delays.push(performance.now() - sentMs);
            if (seq !== undefined) seqs.add(seq);
          },
          (error: unknown) => {
            // Not answered in time: more was asked for than is committed. It may stand in the log all the same.
            if (!(error instanceof RpcError)) throw error;
            unanswered++;
          },
        ),
      );
    }
  }
  await Promise.all(open);
  return { delays, seqs, unanswered, tookS: (performance.now() - begun) / 1_000 };
}
