/** A line between two processes that can go dead: nothing passes any more, and nobody is told. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export async function openLine(to: string) {
  const [host = "", port = ""] = to.split(":");
  const ends: Socket[] = [];
  let isDead = false;
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.push(from);
      from
        .on("error", () => {})
        .on("data", (bytes) => {
          if (!isDead) into.write(bytes);
        });
      from.on("close", () => {
        if (!isDead) into.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `127.0.0.1:${(server.address() as { port: number }).port}`;
  return {
    address,
    die() {
      isDead = true;
    },
    close() {
      for (const end of ends) end.destroy();
      server.close();
    },
  };
}
