/** A person halts: from then on no order leaves, while the market goes on; the same person resumes. */
import { setTimeout as wait } from "node:timers/promises";
import { until } from "../kube.ts";
import { DESK } from "../reachability.ts";
import { seconds } from "../report.ts";
import type { World } from "../world.ts";
import { nextBooked } from "./order.ts";

const HALTED_MS = 30_000;

export async function halt(world: World): Promise<void> {
  const { report, tape } = world;
  const begun = performance.now();
  await report.step("halt 1: no new orders", () =>
    asPerson(world, "halt", "1", "-m", "the end-to-end suite asks for it"),
  );
  const haltedMs = Date.now();
  const tookMs = performance.now() - begun;
  await report.step(
    `no order for ${HALTED_MS / 1_000} s, while quotes come`,
    async () => {
      await wait(HALTED_MS);
      const orders = tape.orders().filter(({ acceptedMs }) => acceptedMs > haltedMs);
      if (orders.length > 0) throw new Error(`${orders.length} orders were accepted after the halt`);
      const quotes = tape.bodies().filter((body) => body.type === "market.quote" && Number(body.sentAtMs) > haltedMs);
      if (quotes.length === 0) throw new Error("no quote came either: that no order came says nothing");
      if (tape.halts().length === 0) throw new Error("the halt is not in the control log");
      return quotes.length;
    },
    (quotes) => `${quotes} quotes`,
  );
  const resumedMs = Date.now();
  await report.step("resume", () => asPerson(world, "resume", "-m", "the end-to-end suite is done with it"));
  await report.step(
    "orders again",
    async () => {
      await until("no halt is in force", 60_000, () => tape.halts().length === 0 || undefined);
      return nextBooked(world, resumedMs);
    },
    ({ acceptedMs }) => `${seconds(acceptedMs - resumedMs)} after the word`,
  );
  report.figure("a halt, from the command to its answer", seconds(tookMs));
}

/** A command in the desk, signed by the founder. */
async function asPerson({ kube }: World, ...command: readonly string[]): Promise<void> {
  const { metadata } = await kube.pod(DESK);
  const { code, out, error } = await kube.exec(metadata.name, ["countersign", ...command, "--dir", "/etc/countersign"]);
  if (code !== 0) throw new Error(`countersign ${command[0]}: ${out.trim()} ${error.trim()}`);
}
