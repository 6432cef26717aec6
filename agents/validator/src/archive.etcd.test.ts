// What three validators owe to a ledger whose beginning etcd has forgotten.
import { randomUUID } from "node:crypto";
import { Mode } from "@countersign/contracts";
import { openPool, type Pool } from "@countersign/postgres";
import { sharedTestServer, type TestDatabase } from "@countersign/postgres/testing";
import { ArchivedQuorumLog, EtcdQuorumLog, openArchive } from "@countersign/quorum";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { Faulty } from "../test/faulty.ts";
import { fillOf, fillsOf, orderOf } from "../test/fills.ts";
import { deposit, names, sealPropose, World } from "../test/world.ts";

let database: TestDatabase;
let pool: Pool;
const opened: EtcdQuorumLog[] = [];
beforeAll(async () => {
  database = await sharedTestServer();
  pool = openPool(database.url, { max: 6, applicationName: "validator-archive-test" });
});
afterAll(async () => {
  for (const log of opened) log.close();
  await pool.close();
  await database[Symbol.asyncDispose]();
});

const platform = randomUUID();
const onEtcd = () => {
  const log = new EtcdQuorumLog({ endpoints: inject("etcd"), platform });
  opened.push(log);
  return log;
};
/** The logs of a start of all three. @param third the schema of the last one's archive */
async function logsOf(third = "archive_3"): Promise<readonly ArchivedQuorumLog[]> {
  const [one, two, last] = await Promise.all(
    ["archive_1", "archive_2", third].map(async (schema) => ({
      log: onEtcd(),
      archive: await openArchive(pool, schema),
    })),
  );
  const first = new ArchivedQuorumLog(one!);
  const readElsewhere = (afterSeq: bigint) => first.read("ledger", afterSeq, 2);
  return [first, new ArchivedQuorumLog(two!), new ArchivedQuorumLog({ ...last!, readElsewhere })];
}

it("books once what was booked long ago, after a restart of all, and with an archive that was lost", async () => {
  const logs = await logsOf();
  const before = await new World({ mode: Mode.PAPER, logs }).open();
  const quote = before.quote(100_00n, 100_01n);
  const order = orderOf("buy", { intent: { mode: Mode.PAPER } });
  const mark = { units: 100_00n, quote };
  const booking = fillsOf([fillOf(order.intent, "e1", quote)], [order.submit], mark);
  const sealed = sealPropose(booking, "execution");
  const first = await before.send(sealed);
  expect(first).toMatchObject({ seq: 2n });
  for (const n of [2, 3, 4, 5]) await before.accept(deposit(`d${n}`, 1_00n), "person:ada");
  for (const validator of before.validators) await validator.tick();
  for (const validator of names)
    await logs[names.indexOf(validator)]!.archive(await logs[0]!.head("ledger"), {
      validator,
      validators: names,
      keep: 1,
    });
  await expect(onEtcd().read("ledger", 0n, 10)).rejects.toMatchObject({ code: "LOG_PRUNED" });
  expect(await before.send(sealed)).toEqual(first);

  const rpc = new Faulty();
  const after = await new World({ mode: Mode.PAPER, logs: await logsOf("archive_lost"), rpc }).start();
  after.quote(100_00n, 100_01n);
  for (const validator of names) expect(await after.send(sealed, validator)).toEqual(first);
  // The same execution in other company is another proposal, and no booking either.
  const again = fillsOf([fillOf(order.intent, "e1", quote), fillOf(order.intent, "e2", quote)], [order.submit], mark);
  expect(await after.propose(again, "execution")).toMatchObject({ code: "EXECUTION_BOOKED" });
  // Who has lost its archive votes like the others.
  rpc.down.add("validator-2");
  expect(await after.accept(deposit("d6", 1_00n), "person:ada")).toMatchObject({ seq: 7n });
  expect(after.lines.map(({ seq }) => seq)).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
});
