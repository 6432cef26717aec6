import { Mode } from "@countersign/contracts";
import { MemoryQuorumLog, QuorumError } from "@countersign/quorum";
import { describe, expect, it } from "vitest";
import { Faulty } from "../test/faulty.ts";
import { names, resume, World } from "../test/world.ts";

describe("halts", () => {
  it("of anyone who may halt are global at once, and never latch again after a resume", async () => {
    const world = await new World().open();
    const [one] = world.validators;
    expect(await world.halt({ haltId: "h1", scope: "symbol:AAPL" }, "policy")).toMatchObject({
      latched: true,
      by: "validator-1",
    });
    expect(one?.fence.state()).toMatchObject({ epoch: 2n, halts: [{ id: "h1" }] });
    // The same bytes reach every validator, and Policy and Execution.
    for (const to of names)
      expect(await world.halt({ haltId: "h1", scope: "symbol:AAPL" }, "policy", to)).toMatchObject({ latched: true });
    expect((await world.log.head("control")).seq).toBe(3n);

    await world.accept(resume(["h1"], 2n), "operator");
    expect(one?.fence.state()).toMatchObject({ epoch: 3n, halts: [] });
    for (const to of names)
      expect(await world.halt({ haltId: "h1", scope: "symbol:AAPL" }, "policy", to)).toMatchObject({
        latched: false,
        code: "RELEASED",
      });
    expect((await world.log.head("control")).seq).toBe(4n);
  });

  it("are refused for authority and form alone", async () => {
    const world = await new World().open();
    expect(await world.halt({ haltId: "h", level: 9 }, "policy")).toMatchObject({ latched: false, code: "BAD_HALT" });
    expect(await world.halt({ haltId: "h", by: "person:ada" }, "policy")).toMatchObject({
      latched: false,
      code: "MAY_NOT_HALT",
    });
    await expect(world.halt({ haltId: "h" }, "execution")).rejects.toMatchObject({ code: "REFUSED" });
    expect((await world.log.head("control")).seq).toBe(2n);
  });

  it("are latched without a quorum, over a restart, and made global when there is one", async () => {
    const rpc = new Faulty();
    const world = await new World({ rpc }).open();
    for (const name of names.slice(1)) rpc.down.add(name);
    expect(await world.halt({ haltId: "h1" }, "policy")).toMatchObject({ latched: true });
    expect(world.validators[0]?.ledgerView().haltsWaiting).toEqual(["h1"]);
    rpc.down.clear();
    const again = await new World({ log: world.log, stores: world.stores }).start();
    expect(again.validators[0]?.fence.state().halts.map(({ id }) => id)).toEqual(["h1"]);
    expect(again.validators[0]?.ledgerView().haltsWaiting).toEqual([]);
  });

  it("that come at once are each latched, and one that alters another is refused", async () => {
    const rpc = new Faulty();
    const world = await new World({ rpc }).open();
    for (const name of names.slice(1)) rpc.down.add(name);
    await Promise.all(["a", "b", "c"].map((haltId) => world.halt({ haltId }, "policy")));
    expect(world.validators[0]?.ledgerView().haltsWaiting.toSorted()).toEqual(["a", "b", "c"]);
    rpc.down.clear();
    await world.validators[0]?.tick();
    expect(
      world.validators[0]?.fence
        .state()
        .halts.map(({ id }) => id)
        .toSorted(),
    ).toEqual(["a", "b", "c"]);
    expect(await world.halt({ haltId: "a", level: 2 }, "policy")).toMatchObject({ latched: false, code: "CONFLICT" });
    expect(world.validators[0]?.ledgerView().haltsWaiting).toEqual([]);
  });
});

describe("halts, outside a replay", () => {
  it("are answered when they are latched, however long the log is silent, and wait for it", async () => {
    const log = new MemoryQuorumLog();
    const world = await new World({ log, mode: Mode.PAPER }).open();
    const silent = () => Promise.reject(new QuorumError("LOG_UNREACHABLE", "no leader"));
    Object.assign(log, { head: silent, append: silent });
    expect(await world.halt({ haltId: "h1" }, "policy")).toMatchObject({ latched: true });
    expect(world.validators[0]?.ledgerView().haltsWaiting).toEqual(["h1"]);
    log.read = () => new Promise(() => {});
    const started = performance.now();
    expect(await world.halt({ haltId: "h2" }, "policy", "validator-2")).toMatchObject({ latched: true });
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
