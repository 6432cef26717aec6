import { createDatabase, dropDatabase } from "./database.ts";
import { type EmbeddedServer, start } from "./embedded.ts";
import { freePort } from "./launch.ts";
import { locateNative } from "./native.ts";
import { SYSTEM_BASES } from "./places.ts";
import { tempDir } from "./temp-dir.ts";

export type TestDatabase = AsyncDisposable & { readonly url: string };

let server: Promise<EmbeddedServer> | undefined;
let databases = 0;

/**
 * A fresh, empty database: `await using database = await sharedTestServer()`. The first call of a process starts a
 * server, which the others share and which ends with the process, data and all; disposal drops the database.
 */
export async function sharedTestServer(): Promise<TestDatabase> {
  server ??= startEphemeral();
  const { url: adminUrl } = await server;
  const name = `test_${++databases}`;
  return {
    url: await createDatabase(adminUrl, name),
    [Symbol.asyncDispose]: () => dropDatabase(adminUrl, name),
  };
}

async function startEphemeral(): Promise<EmbeddedServer> {
  const { path: dir } = await tempDir(); // the supervisor removes it
  return start({ dir, native: locateNative(), bases: SYSTEM_BASES, findPort: freePort, isEphemeral: true });
}
