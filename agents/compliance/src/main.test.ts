import { create, fromBinary } from "@bufbuild/protobuf";
import { formatProof, proveInclusion, verifyAudit } from "@countersign/audit";
import { DecisionMadeSchema, Mode, SignalSchema } from "@countersign/contracts";
import { openEnvelope } from "@countersign/envelope";
import { verifyInclusion } from "@countersign/merkle";
import { type Agent, noView } from "@countersign/runtime";
import { canvasOf } from "@countersign/runtime/testing";
import { describe, expect, it } from "vitest";
import { checkpointSigner, Day, instruments, keys, startMs } from "../test/day.ts";
import { type ComplianceState, makeCompliance } from "./index.ts";

const signal = (day: Day, symbol: string) =>
  day.say("signal", "signals.market.v1", symbol, "market.signal", create(SignalSchema, { symbol, direction: 1 }));
const decision = () => create(DecisionMadeSchema, { decision: "HOLD" });
const namedOf = (day: Day, sender: string) =>
  day.checkpoints
    .at(-1)
    ?.chains.filter((chain) => chain.sender === sender)
    .map(({ key, seq }) => [key, seq]);

describe("Compliance", () => {
  it("makes every record a leaf and says so at the end of the step, in a checkpoint that names every chain", async () => {
    const day = await Day.open();
    await signal(day, "AAPL");
    await signal(day, "SPX");
    await signal(day, "AAPL");
    expect(day.checkpoints.map(({ size }) => size)).toEqual([1n, 2n, 3n, 4n]);
    expect(namedOf(day, "signal")).toEqual([
      ["AAPL", 2n],
      ["SPX", 1n],
    ]);
    expect((await day.leaves()).length).toBe(4);
    await day.quote(1, 100_00n, 100_02n);
    expect(day.checkpoints.length).toBe(4);
  });

  it("leaves a file that verifies by itself, and a proof for every record", async () => {
    const day = await Day.open();
    for (const symbol of ["AAPL", "SPX", "AAPL"]) await signal(day, symbol);
    const lines = await day.file();
    expect(verifyAudit(lines)).toMatchObject({ ok: true, findings: [], records: 4, platform: "test" });
    for (let index = 0; index < 4; index++) {
      const { size, root, leafHash, hashes, checkpoint } = proveInclusion(lines, { index });
      expect(verifyInclusion({ index, size, root, leafHash, proof: hashes })).toBe(true);
      expect(formatProof({ index, hashes, checkpoint })).toContain(day.checkpoints.at(-1)!.note!);
    }
  });

  it("gives a log without a genesis no checkpoint: nobody could check it", async () => {
    const day = await Day.open({ withGenesis: false });
    await signal(day, "AAPL");
    expect(day.checkpoints).toEqual([]);
    expect((await day.leaves()).length).toBe(1);
  });

  it("says its checkpoint again at each tick outside a replay, where it is a lease of seconds", async () => {
    const day = await Day.open();
    const { state } = await day.store.load("log");
    const ticked = (mode: Mode) => {
      const { agent } = makeCompliance({ signer: checkpointSigner, account: "main", instruments, keys, mode });
      const cause = { msgId: "m", correlationId: "c" };
      const context = { nowMs: startMs, view: agent.view.create(), fence: day.rig.fence, auditTrailing: 0, cause };
      return agent.decide(state as ComplianceState, { kind: "tick" }, context);
    };
    expect(ticked(Mode.REPLAY)).toEqual({ state, effects: [] });
    const again = ticked(Mode.PAPER);
    expect(again.state).toBe(state);
    // Nobody is asked to cosign it a second time.
    expect(again.effects).toMatchObject([{ kind: "publish", type: "audit.checkpoint", payload: { size: 1n } }]);
  });

  it("folds a record once, however often it is delivered", async () => {
    const day = await Day.open();
    const say = {
      sender: "owner",
      topic: "audit.records.v1",
      key: "owner",
      type: "decision.made",
      payload: decision(),
    };
    const sealed = [day.rig.sealed(say), day.rig.sealed(say)];
    const deliver = (n: number) =>
      day.rig.bus.publishNow({
        topic: say.topic,
        key: Buffer.from(say.key),
        value: new Uint8Array(sealed[n]!.bytes),
        headers: {},
      });
    // Within one step, and again in the next.
    await day.rig.run(() => [0, 1, 0, 1].forEach(deliver));
    await day.rig.run(() => [1, 0].forEach(deliver));
    expect((await day.leaves()).length).toBe(3);
    expect(day.rig.alerts).toEqual([]);
    expect(verifyAudit(await day.file())).toMatchObject({ ok: true, findings: [] });
  });

  it("goes on from its store in another life", async () => {
    const first = await Day.open();
    await signal(first, "AAPL");
    await first.close();
    const second = await Day.open({ rig: first.rig, store: first.store, withGenesis: false });
    await signal(second, "AAPL");
    expect(second.checkpoints.map(({ size }) => size)).toEqual([3n]);
    expect(verifyAudit(await second.file())).toMatchObject({ ok: true, records: 3 });
  });

  it("names a gap on record and to the operator, and never the chain behind it again", async () => {
    const day = await Day.open();
    const say = { sender: "owner", topic: "audit.records.v1", key: "owner", type: "decision.made" };
    await day.rig.say({ ...say, payload: decision() });
    day.rig.sealed({ ...say, payload: decision() });
    const { msgId } = await day.rig.say({ ...say, payload: decision() });
    await day.rig.say({ ...say, payload: decision() });
    expect(day.rig.alerts).toEqual(["compliance AUDIT_GAP"]);
    expect(namedOf(day, "owner")).toEqual([["owner", 1n]]);
    const lines = await day.file();
    expect(verifyAudit(lines).findings.map(({ code, line }) => [code, line])).toEqual([["GAP", 3]]);
    // The record behind the gap is evidence, and so is that Compliance has named it.
    expect(proveInclusion(lines, { msgId }).index).toBe(2);
    const said = (await day.leaves()).map((bytes) => openEnvelope(bytes, day.rig.keys));
    const named = said.flatMap((opened) => (opened.ok && opened.body.sender === "compliance" ? [opened] : []));
    expect(named.map(({ body }) => body.type)).toEqual(["decision.made"]);
    expect(namedOf(day, "compliance")).toEqual([["compliance", 1n]]);
  });
});

describe("the checkpoint as a lease", () => {
  /** Says a decision for every signal, and in it how many of its records no checkpoint has named. */
  const owner: Agent<number> = {
    canvas: canvasOf("owner", {
      observes: [
        { topic: "signals.market.v1", as: "group" },
        { topic: "audit.checkpoint.v1", as: "every" },
      ],
      publishes: [{ topic: "audit.records.v1", types: ["decision.made"] }],
    }),
    keyOf: ({ kind }) => (kind === "message" ? "all" : undefined),
    initial: () => 0,
    decide: (count, _, { auditTrailing }) => ({
      state: count + 1,
      effects: [
        {
          kind: "publish",
          topic: "audit.records.v1",
          key: "owner",
          type: "decision.made",
          payload: create(DecisionMadeSchema, { decision: `${auditTrailing}` }),
          intent: "COUNT",
        },
      ],
    }),
    view: noView,
  };

  it("is fresh after every step, and stands still for an owner whose chain was forked", async () => {
    const day = await Day.open();
    await day.rig.host(owner);
    const trailing: string[] = [];
    const records = await day.rig.tap("audit.records.v1");
    const next = async () => {
      await signal(day, "AAPL");
      const opened = openEnvelope(records.at(-1)!.value, day.rig.keys);
      if (!opened.ok) throw new Error(opened.code);
      trailing.push(fromBinary(DecisionMadeSchema, opened.body.payload).decision!);
    };
    for (let n = 0; n < 3; n++) await next();
    expect(trailing).toEqual(["0", "0", "0"]);
    // Somebody with the owner's key says another first record.
    await day.rig.say({
      sender: "owner",
      topic: "audit.records.v1",
      key: "owner",
      type: "decision.made",
      payload: decision(),
    });
    expect(day.rig.alerts).toEqual(["compliance AUDIT_FORK"]);
    for (let n = 0; n < 4; n++) await next();
    expect(trailing.slice(3)).toEqual(["0", "1", "2", "3"]);
    expect(namedOf(day, "owner")).toEqual([["owner", 3n]]);
  });
});
