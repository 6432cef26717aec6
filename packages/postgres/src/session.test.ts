import { describe, expect, it } from "vitest";
import { openPool } from "./pool.ts";
import { sharedTestServer } from "./testing.ts";

const options = { max: 2, applicationName: "session test" };
const patient = { timeout: 20_000 };
const lock = "select pg_try_advisory_lock(7) as got";

/** A session, and what happened to it. */
async function open(pool: ReturnType<typeof openPool>) {
  const events: string[] = [];
  const session = await pool.session({
    onNotify: (channel, payload) => void events.push(`${channel}: ${payload}`),
    onLost: () => void events.push("lost"),
  });
  return { session, events };
}

describe("a session", () => {
  it("hears what is told on its channels, and holds its locks until it is closed", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    const [one, other] = [await open(pool), await open(pool)];
    await one.session.query("listen news");
    expect((await one.session.query<{ n: bigint }>("select 2::int8 as n")).rows).toEqual([{ n: 2n }]);
    await pool.query("select pg_notify('news', 'it works')");
    await expect.poll(() => one.events, patient).toEqual(["news: it works"]);
    expect((await one.session.query(lock)).rows).toEqual([{ got: true }]);
    expect((await other.session.query(lock)).rows).toEqual([{ got: false }]);
    await one.session.close();
    await one.session.close();
    await expect.poll(async () => (await other.session.query(lock)).rows, patient).toEqual([{ got: true }]);
    await other.session.close();
    expect([one.events, other.events]).toEqual([["news: it works"], []]);
  });

  it("says once that it is lost, its locks are free, and what is asked of it then fails", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    const { session, events } = await open(pool);
    const { rows } = await session.query<{ pid: number }>("select pg_backend_pid() as pid, pg_try_advisory_lock(7)");
    const running = session.query("select pg_sleep(60)");
    const failed = expect(running).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await pool.query("select pg_terminate_backend($1)", [rows[0]!.pid]);
    await failed;
    await expect.poll(() => events, patient).toEqual(["lost"]);
    await expect(session.query("select 1")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    const { session: next } = await open(pool);
    await expect.poll(async () => (await next.query(lock)).rows, patient).toEqual([{ got: true }]);
    await Promise.all([session.close(), next.close()]);
    expect(events).toEqual(["lost"]);
  });

  it("is lost when the server does not answer, and does not open where there is none", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    const { session, events } = await open(pool);
    await expect(session.query("select pg_sleep(60)")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await expect.poll(() => events, patient).toEqual(["lost"]);
    await using nowhere = openPool("postgres://nobody@127.0.0.1:1/none", options);
    await expect(open(nowhere)).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  });

  it("keeps the error of a statement what it is, and goes on", async () => {
    await using database = await sharedTestServer();
    await using pool = openPool(database.url, options);
    const { session, events } = await open(pool);
    await expect(session.query("select 1/0")).rejects.toMatchObject({ code: "22012" });
    expect((await session.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
    await session.close();
    expect(events).toEqual([]);
  });
});
