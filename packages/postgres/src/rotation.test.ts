// What changes under a pool that works: the password of its role, and the certificate of its server.
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority } from "@countersign/certificates";
import { describe, expect, it } from "vitest";
import { serverAccount } from "./account.ts";
import { startEmbedded } from "./embedded.ts";
import { openPool, type Pool } from "./pool.ts";
import { tempDir } from "./temp-dir.ts";
import { sharedTestServer } from "./testing.ts";

const options = { max: 2, applicationName: "test" };

describe("a role whose password changes", () => {
  it("is let in by new connections with the new one, and keeps those it has: nobody starts again", async () => {
    await using database = await sharedTestServer();
    await using admin = openPool(database.url, { ...options, max: 1 });
    await admin.query("drop role if exists rotated");
    await admin.query("create role rotated login password 'first'");
    let url = as(database.url, "rotated", "first");
    await using pool = openPool(() => url, options);
    await admin.query("alter role rotated password 'second'");
    // Between the two changes nobody new is let in: for the pool that is a database that is away, and passes.
    await expect(pool.query("select 1")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    url = as(database.url, "rotated", "second");
    expect(await backends(pool, 2)).toHaveLength(2);
    await admin.query("alter role rotated password 'third'");
    expect((await pool.query("select current_user as name")).rows).toEqual([{ name: "rotated" }]);
    url = as(database.url, "rotated", "third");
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'rotated'");
    await expect
      .poll(() =>
        backends(pool, 2).then(
          (all) => all.length,
          () => 0,
        ),
      )
      .toBe(2);
    const session = await pool.session({ onNotify: () => {}, onLost: () => {} });
    expect((await session.query("select current_user as name")).rows).toEqual([{ name: "rotated" }]);
    await session.close();
    await pool.close();
    await admin.query("drop role rotated");
  });
});

describe("sslmode=verify-full", () => {
  it("reaches a server whose certificate names it, by the authority in the URL, and no other", async () => {
    await using dir = await tempDir();
    await using server = await startEmbedded({ dir: dir.path });
    await using admin = openPool(server.url, { ...options, max: 1 });
    const pems = mkdtempSync(join(tmpdir(), "countersign-pem-"));
    try {
      const authority = made();
      const { cert, key } = authority.issue("127.0.0.1");
      write(join(server.dataDir, "server.crt"), cert);
      write(join(server.dataDir, "server.key"), key);
      await admin.query("alter system set ssl = on");
      await admin.query("select pg_reload_conf()");
      const believing = (name: string, ca: Uint8Array) => {
        const file = join(pems, name);
        writeFileSync(file, ca);
        return `${server.url}?sslmode=verify-full&sslrootcert=${encodeURIComponent(file)}`;
      };
      const right = believing("ca.crt", authority.ca);
      const isEncrypted = async () => {
        await using pool = openPool(right, { ...options, max: 1 });
        return (await pool.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()")).rows;
      };
      await expect.poll(() => isEncrypted().catch(() => undefined)).toEqual([{ ssl: true }]);
      await using wrong = openPool(believing("other.crt", made().ca), options);
      await expect(wrong.query("select 1")).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    } finally {
      rmSync(pems, { recursive: true });
    }
  });
});

const made = () => makeAuthority({ name: "database", fromMs: Date.now() - 60_000, days: 1 });

/** The server reads a key that is its own account's, and nobody else's. */
function write(path: string, pem: Uint8Array): void {
  writeFileSync(path, pem, { mode: 0o600 });
  const account = serverAccount();
  if (account !== undefined) chownSync(path, account.uid, account.gid);
}

function as(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = password;
  return changed.href;
}

/** Process ids of so many connections at once. */
async function backends(pool: Pool, count: number): Promise<readonly unknown[]> {
  const text = "select pg_backend_pid() as pid from pg_sleep(0.1)";
  const answers = await Promise.all(Array.from({ length: count }, () => pool.query(text)));
  return [...new Set(answers.map(({ rows }) => rows[0]?.pid))];
}
