import { Keyring, type Opened, openEnvelope } from "@countersign/envelope";
import { leafHash, MerkleLog } from "@countersign/merkle";
import { describe, expect, it } from "vitest";
import { genesis, smallWorld, World } from "../test/world.ts";
import { emptyLog, foldRecord, headOf, type LogState, takeCheckpoint } from "./log.ts";
import { bodyBytesOf } from "./record.ts";

const keys = new Keyring();
for (const grant of genesis.keys) keys.grant(grant);

function open(envelope: Uint8Array): Opened {
  const opened = openEnvelope(envelope, keys);
  if (!opened.ok) throw new Error(opened.code);
  return opened;
}

function fold(state: LogState, envelope: Uint8Array) {
  const folded = foldRecord(state, open(envelope));
  return folded.kind === "known" ? { state, leafIndex: undefined, problem: undefined } : folded;
}

describe("the log's fold", () => {
  it("gives the root of a tree over the bodies, whatever is signed and attached", () => {
    const world = smallWorld();
    const tree = new MerkleLog();
    let state = emptyLog;
    for (const envelope of world.envelopes) {
      const folded = fold(state, envelope);
      expect(folded.leafIndex).toBe(tree.append(leafHash(bodyBytesOf(envelope))));
      expect(folded.problem).toBeUndefined();
      state = folded.state;
    }
    expect(headOf(state)).toMatchObject({ size: world.envelopes.length, root: tree.root() });
    expect(headOf(state).chains.map(({ sender, topic, key, seq }) => [sender, topic, key, seq])).toEqual([
      ["policy", "audit.records.v1", "policy", 3n],
      ["validator-1", "control.halt.v1", "control", 1n],
      ["validator-1", "ledger.entries.v1", "ledger", 1n],
      ["signal", "signals.market.v1", "AAPL", 2n],
      ["signal", "signals.market.v1", "SPX", 1n],
    ]);
    // An entry is the same leaf with two votes and with three.
    const [two, three] = [2, 3].map((count) => {
      const other = new World();
      return other.post(
        { case: "genesis", value: genesis },
        { voters: ["validator-1", "validator-2", "validator-3"].slice(0, count) },
      );
    });
    expect(headOf(fold(emptyLog, two!).state)).toEqual(headOf(fold(emptyLog, three!).state));
    expect(two!.length).toBeLessThan(three!.length);
  });

  it("keeps a record that breaks its chain as evidence, and names the break", () => {
    const world = new World();
    const [first, third] = [world.say("signal", "AAPL"), world.say("signal", "AAPL", { skip: 1 })];
    const { state, leafIndex, problem } = fold(fold(emptyLog, first).state, third);
    expect([leafIndex, problem?.code, problem?.expected, problem?.got]).toEqual([1, "GAP", 2n, 3n]);
    expect(headOf(state)).toMatchObject({ size: 2, chains: [{ sender: "signal", seq: 1n }] });
  });

  it("folds a message once, also when it comes again behind others of its chain", () => {
    const world = new World();
    const [first, second] = [world.say("policy", "policy"), world.say("policy", "policy")];
    const state = fold(fold(emptyLog, first).state, second).state;
    expect(foldRecord(state, open(first))).toEqual({ kind: "known" });
    expect(foldRecord(state, open(second))).toEqual({ kind: "known" });
    const other = open(world.sayInstead("policy", "policy"));
    expect(foldRecord(state, other)).toMatchObject({ kind: "folded", problem: { code: "FORK", got: 2n } });
  });

  it("has a checkpoint to take only when something was folded since the last one", () => {
    expect(takeCheckpoint(emptyLog)).toBeUndefined();
    const { state } = fold(emptyLog, smallWorld().envelopes[0]!);
    const taken = takeCheckpoint(state)!;
    expect(taken.head).toEqual(headOf(state));
    expect(takeCheckpoint(taken.state)).toBeUndefined();
  });
});
