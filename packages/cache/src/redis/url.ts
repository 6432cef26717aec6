import { CacheError } from "../error.ts";

export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly isTls: boolean;
}

/**
 * `redis[s]://[user][:password@]host[:port][/db]`. Read here and not by the client, which lets a query in the URL override what the code
 * decides. Throws BAD_URL, and never says what the URL was: it may hold a password.
 */
export function readRedisUrl(url: string): RedisAddress {
  const bad = (what: string) =>
    new CacheError(
      "BAD_URL",
      `the address of Redis ${what}: give redis://user:password@host:6379/0, or rediss:// for TLS`,
    );
  if (!URL.canParse(url)) throw bad("is no URL");
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(url);
  if (protocol !== "redis:" && protocol !== "rediss:") throw bad("begins with neither redis:// nor rediss://");
  if (hostname === "") throw bad("names no host");
  if (search !== "" || hash !== "") throw bad("has a part after ? or #");
  const [, db = "0"] = /^\/?(\d{0,4})$/.exec(pathname) ?? [undefined, "?"];
  if (db === "?") throw bad("has a path that is no database number");
  try {
    return {
      host: hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(port || 6379),
      username: decodeURIComponent(username) || undefined,
      password: decodeURIComponent(password) || undefined,
      db: Number(db),
      isTls: protocol === "rediss:",
    };
  } catch {
    throw bad("holds a % that escapes nothing");
  }
}
