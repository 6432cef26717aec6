/** PING in the protocol of Redis: asks, and writes nothing. */
import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectSecurely } from "node:tls";

const TIMEOUT_MS = 3_000;

/** What is wrong with the Redis of this URL (`redis[s]://[user][:password@]host[:port]`), in one line; undefined when it answers. */
export async function redisTrouble(url: string): Promise<string | undefined> {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return "it is no URL";
  }
  const { protocol, hostname: host, port, username, password } = parsed;
  if (protocol !== "redis:" && protocol !== "rediss:") return `it begins with ${protocol} instead of redis: or rediss:`;
  const at = { host, port: Number(port || 6379), timeout: TIMEOUT_MS };
  const socket = protocol === "rediss:" ? connectSecurely(at) : connect(at);
  socket.once("timeout", () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)));
  const words = [username, password].filter(Boolean).map(decodeURIComponent);
  const greeting = words.length === 0 ? [] : [["AUTH", ...words]];
  socket.write([...greeting, ["PING"]].map(command).join(""));
  try {
    let said = "";
    while (!/\+PONG\r\n|^-[^\r]*\r\n/m.test(said)) {
      const [chunk] = (await Promise.race([once(socket, "data"), ended(socket)])) as [Buffer];
      said += chunk.toString();
    }
    return /^-([^\r]*)/m.exec(said)?.[1];
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    socket.destroy();
  }
}

/** RESP: an array of bulk strings, so that a password may hold anything. */
function command(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

async function ended(socket: ReturnType<typeof connect>): Promise<never> {
  await once(socket, "end");
  throw new Error("it closed the connection");
}
