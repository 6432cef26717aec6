/** etcd and its disk are gone, and it begins empty: the validators find out, and put back what two of three have certified. */
import { isReady, until } from "../kube.ts";
import { seconds } from "../report.ts";
import type { World } from "../world.ts";
import { nextBooked } from "./order.ts";

const AWAY_MS = 60_000;
const BACK_MS = 180_000;
const VALIDATORS = ["validator-1", "validator-2", "validator-3"];
const SAID = /put back (\d+) certified entries that the (control|ledger) log had forgotten/g;

export async function forget(world: World): Promise<void> {
  await world.report.step(
    "etcd and its disk are gone: both logs are put back by the validators",
    () => withoutDisk(world),
    ({ putBack, backMs, tradedMs }) =>
      `${putBack.join(", ")}; all three ready after ${seconds(backMs)}, an order from market to ledger after ${seconds(tradedMs)}`,
  );
}

async function withoutDisk(world: World): Promise<{ putBack: readonly string[]; backMs: number; tradedMs: number }> {
  const { kube, hasVolumes, report } = world;
  const { entries } = await world.tape.books();
  const [begun, goneMs] = [performance.now(), Date.now()];
  await kube.must("scale", "statefulset/etcd", "--replicas=0");
  await until("etcd has ended", AWAY_MS, async () => ((await kube.pods("etcd")).length === 0 ? true : undefined));
  if (hasVolumes) await kube.must("delete", "persistentvolumeclaim", "data-etcd-0", `--timeout=${AWAY_MS / 1_000}s`);
  await kube.must("scale", "statefulset/etcd", "--replicas=1");
  const putBack = await until("both logs are put back", BACK_MS, () => saidBy(world));
  const backMs = await until("etcd and all validators are ready again", BACK_MS, async () => {
    const pods = (await Promise.all(["etcd", ...VALIDATORS].map((one) => kube.pods(one)))).flat();
    return pods.length === 1 + VALIDATORS.length && pods.every(isReady) ? performance.now() - begun : undefined;
  });
  const { acceptedMs } = await nextBooked(world, Date.now());
  // Its entry follows those of before: the tape reads the ledger from its first one.
  const now = (await world.tape.books()).entries;
  if (now <= entries) throw new Error(`the ledger has ${now} entries, and had ${entries}`);
  report.figure("etcd lost with its disk: all ready again", seconds(backMs));
  return { putBack, backMs, tradedMs: acceptedMs - goneMs };
}

/** Such as "9 of ledger by validator-1", of both logs; undefined until somebody has put back each. */
async function saidBy({ kube }: World): Promise<readonly string[] | undefined> {
  const said: string[] = [];
  for (const name of VALIDATORS) {
    const { out } = await kube.kubectl(["logs", `statefulset/${name}`]);
    for (const [, count, log] of out.matchAll(SAID)) said.push(`${count} of ${log} by ${name}`);
  }
  return ["control", "ledger"].every((log) => said.some((one) => one.includes(`of ${log}`))) ? said : undefined;
}
