/** `node benchmark.ts [dir]`: times of the embedded server on this machine and disk. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openPool, prepare, startEmbedded } from "./src/index.ts";

const SECONDS = 3;
const parent = process.argv[2] ?? "/var/tmp";
const dir = mkdtempSync(join(parent, "countersign-benchmark-"));
chmodSync(dir, 0o711); // as root: the server's account passes

const first = await timed("start, new directory", () => startEmbedded({ dir }));
await timed("stop", () => first.stop());
const server = await timed("start, existing directory", () => startEmbedded({ dir }));
const insert = prepare("insert", "insert into t (word) values ($1)");
await using pool = openPool(server.url, { max: 16, applicationName: "benchmark" });
await pool.query("create table t (n int8 generated always as identity primary key, word text)");

await rate("autocommit inserts, 1 connection", 1, () => pool.query(insert, ["word"]));
await rate("autocommit inserts, 16 connections", 16, () => pool.query(insert, ["word"]));
await rate("transactions of 2 inserts, 1 connection", 1, () => two());
await rate("transactions of 2 inserts, 16 connections", 16, () => two());
await rate("selects by key, 1 connection", 1, () => pool.query("select word from t where n = $1", [1n]));

await pool.close();
await server.stop();
rmSync(dir, { recursive: true });

function two(): Promise<unknown> {
  return pool.transaction(async (sql) => {
    await sql.query(insert, ["one"]);
    await sql.query(insert, ["two"]);
  });
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await work();
  console.log(`${what}: ${Math.round(performance.now() - from)} ms`);
  return result;
}

async function rate(what: string, lanes: number, work: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + SECONDS * 1_000;
  let count = 0;
  const lane = async () => {
    while (performance.now() < until) {
      await work();
      count++;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  console.log(`${what}: ${Math.round(count / SECONDS)}/s`);
}
