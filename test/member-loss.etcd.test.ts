// What the logs on etcd owe to members that are killed.
import { randomUUID } from "node:crypto";
import { etcd } from "@countersign/engines";
import { sha256 } from "@countersign/envelope";
import { EtcdQuorumLog, emptyHead, type Head } from "@countersign/quorum";
import { expect, it } from "vitest";

it.runIf(process.env.COUNTERSIGN_ETCD === undefined)(
  "nothing is lost and nothing is there twice: each member is killed in turn while entries are appended, then all at once",
  async () => {
    await using cluster = await etcd();
    const log = new EtcdQuorumLog({ endpoints: cluster.endpoints, platform: randomUUID() });
    try {
      const appended: string[] = [];
      let isOver = false;
      const append = async () => {
        for (let head: Head = emptyHead; !isOver; ) {
          const name = `entry ${appended.length}`;
          const entry = new TextEncoder().encode(name);
          const digest = sha256(entry);
          const facts = { entry, digest, votes: [], opIds: [name], committedBy: "validator-1" };
          // As a proposer does: who hears of a conflict, or nothing, reads on.
          const { kind } = await log
            .append({ log: "ledger", expectedHead: head, ...facts })
            .catch(() => ({ kind: "unknown" }));
          const now = await log.head("ledger").catch(() => head);
          if (now.seq === head.seq) continue;
          expect(["committed", "unknown"]).toContain(kind);
          expect(now).toEqual({ seq: head.seq + 1n, digest });
          head = now;
          appended.push(name);
        }
      };
      const appending = append();
      for (const node of [0, 1, 2]) {
        await cluster.node(node).kill();
        const before = appended.length;
        await expect.poll(() => appended.length, { timeout: 15_000 }).toBeGreaterThan(before + 20);
        await cluster.node(node).start();
      }
      isOver = true;
      await appending;
      const read = async () =>
        (await log.read("ledger", 0n, 100_000)).map(({ entry }) => new TextDecoder().decode(entry));
      expect(await read()).toEqual(appended);
      for (const node of [0, 1, 2]) await cluster.node(node).kill();
      await Promise.all([0, 1, 2].map((node) => cluster.node(node).start()));
      expect(await read()).toEqual(appended);
    } finally {
      log.close();
    }
  },
);
