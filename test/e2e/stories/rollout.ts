/** A new version takes over and loses nothing; one that never gets ready takes over nothing, and is taken back. */
import type { SentOrder } from "../bus/tape.ts";
import { componentOf, until } from "../kube.ts";
import { seconds } from "../report.ts";
import type { World } from "../world.ts";
import { allReady, chartArgs, RELEASE } from "./install.ts";
import { nextBooked } from "./order.ts";

const ROLLED_MS = 300_000;
/** How long a version may take until Helm gives it up. */
const GIVEN_S = 45;

export async function rollout(world: World): Promise<void> {
  const version = String(Date.now());
  await good(world, version);
  await bad(world, version);
}

/** The same bits under another name: what counts is that every pod is replaced. */
async function good(world: World, version: string): Promise<void> {
  const { kube, report, tape } = world;
  const before = new Set((await kube.pods()).map(({ metadata }) => metadata.uid));
  const begunMs = Date.now();
  await report.step(
    "a good version is rolled out: every process of ours is replaced",
    async () => {
      await kube.mustHelm(["upgrade", RELEASE, ...chartArgs(world, version)]);
      await until("every process is replaced and ready", ROLLED_MS, async () => {
        const pods = await allReady(world, () => true);
        const isOld = pods.some((pod) => before.has(pod.metadata.uid) && componentOf(pod) in world.topology.agents);
        return !isOld || undefined;
      });
      return nextBooked(world, Date.now());
    },
    ({ acceptedMs }) => `an order from market to ledger ${seconds(acceptedMs - begunMs)} after the beginning`,
  );
  await report.step(
    "nothing was lost: each intent has an answer, each order an end, each fill its booking",
    async () => {
      await until("everything has an answer", 60_000, async () => {
        const booked = (await tape.books()).fills;
        const isAnswered = tape.intents().every(({ answer }) => answer !== undefined);
        return (isAnswered && tape.orders().every((one) => isSettled(one, booked))) || undefined;
      });
      return tape.intents();
    },
    (intents) => {
      const during = intents.filter(({ sentMs }) => sentMs >= begunMs);
      const refused = during.filter(({ answer }) => answer !== "accepted").map(({ answer }) => answer);
      const codes = refused.length === 0 ? "" : `, ${refused.length} refused: ${[...new Set(refused)].join(", ")}`;
      return `${intents.length} intents so far, ${during.length} since the rollout began${codes}`;
    },
  );
}

async function bad(world: World, version: string): Promise<void> {
  const { kube, report } = world;
  const serving = (await kube.pods("policy")).map(({ metadata }) => metadata.uid);
  await report.step(
    "a bad version of Policy does not get ready: Helm gives it up",
    async () => {
      const args = ["--set-string", "processes.policy.image.tag=no-such-version", "--wait", "--timeout", `${GIVEN_S}s`];
      const { code, error } = await kube.helm(
        ["upgrade", RELEASE, ...chartArgs(world, version), ...args],
        2_000 * GIVEN_S,
      );
      if (code === 0) throw new Error("helm upgrade took it for good");
      return error.trim().split("\n").at(-1);
    },
    (says) => says,
  );
  await report.step("meanwhile the old one has gone on serving", async () => {
    const pods = await kube.pods("policy");
    if (!serving.every((uid) => pods.some(({ metadata }) => metadata.uid === uid)))
      throw new Error("a pod of the good version was taken away");
    await nextBooked(world, Date.now() - 1_000);
  });
  await report.step("helm rollback", async () => {
    await kube.mustHelm(["rollback", RELEASE, "--wait", "--timeout", "180s"], 200_000);
    await allReady(world, (pod) => componentOf(pod) === "policy");
    await nextBooked(world, Date.now());
  });
}

function isSettled({ endedMs, fills }: SentOrder, booked: ReadonlySet<string>): boolean {
  return endedMs !== undefined && fills.every((fill) => booked.has(fill));
}
