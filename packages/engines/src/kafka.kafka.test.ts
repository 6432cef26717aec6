import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { kafka } from "./index.ts";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function accepts(address: string): Promise<boolean> {
  const [host, port] = address.split(":");
  const socket = connect(Number(port), host);
  const answer = await Promise.race([once(socket, "connect"), once(socket, "error")]).catch(() => undefined);
  socket.destroy();
  return answer?.[0] === undefined;
}

describe.runIf(process.env.COUNTERSIGN_KAFKA === undefined)("a Kafka started here", () => {
  it("is killed, stopped and started again on its port, and keeps its data where it is told to", async () => {
    const dir = mkdtempSync(join(tmpdir(), "countersign-test-"));
    try {
      const cluster = () =>
        readFileSync(join(dir, "node-1", "data", "meta.properties"), "utf8").match(/cluster\.id=.*/)?.[0];
      let firstCluster: string | undefined;
      {
        await using one = await kafka({ nodes: 1, dir });
        firstCluster = cluster();
        const node = one.node(0);
        const pid = node.pid!;
        await node.kill();
        expect([isAlive(pid), node.pid]).toEqual([false, undefined]);
        await node.start();
        expect(await accepts(one.brokers[0]!)).toBe(true);
        await node.stop();
        expect(node.pid).toBe(undefined);
      }
      await using _two = await kafka({ nodes: 1, dir });
      expect(cluster()).toBe(firstCluster);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it("ends with the process that started it, data and all, also by kill -9", async () => {
    const program = `
      import { kafka } from ${JSON.stringify(new URL("index.ts", import.meta.url).href)};
      const { node } = await kafka({ nodes: 1 });
      console.log(node(0).pid);
      setInterval(() => {}, 1_000);`;
    const run = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(createInterface({ input: run.stdout }), "line");
    const pid = Number(line);
    const data = readFileSync(`/proc/${pid}/cmdline`, "utf8")
      .split("\0")
      .find((part) => part.endsWith("server.properties"))!;
    expect([isAlive(pid), existsSync(data)]).toEqual([true, true]);
    run.kill("SIGKILL");
    for (let polls = 0; polls < 200 && (isAlive(pid) || existsSync(data)); polls++) await sleep(50);
    expect([isAlive(pid), existsSync(data)]).toEqual([false, false]);
  });
});
