/**
 * P08 Nothing that is not on record. Each decision is a numbered, chained record; Compliance folds all chains into one log and names any
 * gap; its checkpoint is a lease for Policy and Execution; and who has the file alone finds whatever is not as it was.
 *
 * The real parts one by one: the lease, Policy, Execution, Compliance in its host, the validators that cosign, and the offline verifier.
 */
import { create } from "@bufbuild/protobuf";
import { leafOf, signCheckpoint, verifyAudit } from "@countersign/audit";
import {
  type Checkpoint,
  CheckpointSchema,
  DecisionMadeSchema,
  KeyPurpose,
  KeyState,
  Mode,
  OrderStatus,
  TypeGrantSchema,
} from "@countersign/contracts";
import { makeGrant, sha256 } from "@countersign/envelope";
import { type Agent, type Context, MemoryStore, noView } from "@countersign/runtime";
import { canvasOf, Rig } from "@countersign/runtime/testing";
import { describe, expect, it } from "vitest";
import { Day } from "../../agents/compliance/test/day.ts";
import { Rig as Desk } from "../../agents/execution/test/rig.ts";
import { intentOf, submitCommand, submitOf } from "../../agents/execution/test/world.ts";
import { Desk as PolicyDesk } from "../../agents/policy/src/testing.ts";
import { askCosign, checkpointKey, World as Quorum } from "../../agents/validator/test/world.ts";
import { smallWorld, type World } from "../../packages/audit/test/world.ts";
import { AuditLease } from "../../packages/runtime/src/audit-lease.ts";

describe("the checkpoint is a lease", () => {
  const checkpoint = (seq: bigint): Checkpoint =>
    create(CheckpointSchema, { chains: [{ sender: "policy", topic: "risk.policy.v1", key: "main", seq }] });
  const own = new Map([["risk.policy.v1 main", { seq: 1_500n, prev: new Uint8Array(32) }]]);

  it("P08.trailing: what no checkpoint names is counted, over the worst chain", () => {
    const lease = new AuditLease("policy", { isTimed: true });
    expect(lease.trailing(own, () => true)).toBe(1_500);
    lease.read(checkpoint(600n), 0);
    lease.read(checkpoint(500n), 0);
    expect(lease.trailing(own, () => true)).toBe(900);
  });

  it("P08.unheard, P08.lease: of ten seconds on the machine's clock, and none before the first; in a replay it is counted alone", () => {
    const lease = new AuditLease("policy", { isTimed: true });
    expect(lease.isStale(0)).toBe(true);
    lease.read(checkpoint(1n), 1_000);
    expect([lease.isStale(11_000), lease.isStale(11_001)]).toEqual([false, true]);
    const replayed = new AuditLease("policy", { isTimed: false });
    expect(replayed.isStale(1e9)).toBe(false);
  });

  it("P08.unheard: what a decision is shown, outside a replay, is stale until a checkpoint has come", async () => {
    const rig = await Rig.open();
    const seen: Context<undefined>[] = [];
    const owner: Agent<number> = {
      canvas: canvasOf("owner", { observes: [{ topic: "audit.checkpoint.v1", as: "every" }] }),
      keyOf: ({ kind }) => (kind === "tick" ? "all" : undefined),
      initial: () => 0,
      decide: (count, _, context) => {
        seen.push(context);
        return { state: count, effects: [] };
      },
      view: noView,
    };
    const says = [{ type: "audit.checkpoint", topic: "audit.checkpoint.v1" }];
    const times = { validFromMs: 0n, validUntilMs: 1n << 42n, state: KeyState.ACTIVE };
    const key = { sender: "compliance", person: false, purpose: KeyPurpose.ENVELOPE, modes: [Mode.PAPER], ...times };
    rig.keys.grant(
      makeGrant({ ...key, types: says.map((right) => create(TypeGrantSchema, right)) }, rig.signer("compliance")),
    );
    const host = await rig.host(owner, { mode: Mode.PAPER });
    await rig.run(() => host.tick());
    const payload = checkpoint(1n);
    await rig.say({
      sender: "compliance",
      topic: "audit.checkpoint.v1",
      key: "audit",
      type: "audit.checkpoint",
      payload,
    });
    await rig.run(() => host.tick());
    expect(seen.map(({ auditStale }) => auditStale)).toEqual([true, undefined]);
  });
});

describe("Policy permits nothing", () => {
  const asked = (change: Partial<PolicyDesk>) => {
    const desk = PolicyDesk.open();
    Object.assign(desk, change);
    return desk
      .ask({ quantity: 1n })
      .effects.flatMap((effect) =>
        effect.kind === "publish" ? [[effect.type, (effect.payload as { code?: string }).code]] : [],
      );
  };

  it("P08.policy-lease: while Compliance is silent: AUDIT_STALE", () => {
    expect(asked({})).toEqual([["permit.issued", undefined]]);
    expect(asked({ auditStale: true })).toEqual([["order.rejected", "AUDIT_STALE"]]);
  });

  it("P08.policy-trailing: while Compliance lacks 1,000 of its records, or nobody knows how many: AUDIT_BEHIND", () => {
    expect(asked({ auditTrailing: 999 })).toEqual([["permit.issued", undefined]]);
    for (const auditTrailing of [1_000, Number.NaN])
      expect(asked({ auditTrailing })).toEqual([["order.rejected", "AUDIT_BEHIND"]]);
  });
});

describe("Execution accepts nothing", () => {
  const refusal = (change: Partial<Desk>) => {
    const rig = new Desk();
    Object.assign(rig, change);
    rig.decide(submitCommand(submitOf(intentOf())));
    const [report] = rig.said("order.reported") as { status?: OrderStatus; code?: string; place?: string }[];
    return report === undefined ? rig.said("order.accepted").length : [report.status, report.code, report.place];
  };

  it("P08.gate-lease: while Compliance is silent: AUDIT_STALE, by accept", () => {
    expect(refusal({})).toBe(1);
    expect(refusal({ auditStale: true })).toEqual([OrderStatus.REJECTED, "AUDIT_STALE", "accept"]);
  });

  it("P08.gate-trailing: while Compliance lacks 1,000 of its records: AUDIT_BEHIND, by accept", () => {
    expect(refusal({ auditTrailing: 999 })).toBe(1);
    for (const auditTrailing of [1_000, Number.NaN])
      expect(refusal({ auditTrailing })).toEqual([OrderStatus.REJECTED, "AUDIT_BEHIND", "accept"]);
  });
});

describe("Compliance", () => {
  const decision = create(DecisionMadeSchema, { decision: "HOLD" });
  const say = { sender: "owner", topic: "audit.records.v1", key: "owner", type: "decision.made", payload: decision };

  it("P08.gap, P08.vouched: names a gap on record, and no checkpoint names that chain any further", async () => {
    const day = await Day.open();
    await day.rig.say(say);
    day.rig.sealed(say);
    for (let n = 0; n < 3; n++) await day.rig.say(say);
    const named = () => day.checkpoints.at(-1)?.chains.find(({ sender }) => sender === "owner")?.seq;
    expect(named()).toBe(1n);
    expect(day.rig.alerts).toEqual(["compliance AUDIT_GAP"]);
    expect(day.checkpoints.at(-1)?.chains.map(({ sender }) => sender)).toContain("compliance");
  });
});

describe("a validator cosigns no log that was rewritten", () => {
  const log = checkpointKey("compliance");
  const leaf = (text: string) => leafOf({ bodyBytes: Buffer.from(text) });
  const first = (root: Uint8Array) => {
    const note = signCheckpoint({ origin: "countersign/test", size: 1, root }, log);
    return { note, keyid: log.keyid, edge: [root] };
  };
  const second = (left: Uint8Array, right: Uint8Array) => {
    const root = sha256(Buffer.concat([Uint8Array.of(1), left, right]));
    const note = signCheckpoint({ origin: "countersign/test", size: 2, root }, log);
    return { note, keyid: log.keyid, edge: [root], oldSize: 1n, proof: [right] };
  };

  it("P08.consistent: another beginning: INCONSISTENT, by the validator", async () => {
    const quorum = await new Quorum().open();
    expect((await askCosign(quorum, { ...first(leaf("a")), oldSize: 0n })).cosignature).toBeDefined();
    expect(await askCosign(quorum, second(leaf("other"), leaf("b")))).toMatchObject({ code: "INCONSISTENT" });
    expect((await askCosign(quorum, second(leaf("a"), leaf("b")))).cosignature).toBeDefined();
  });

  it("P08.remembered: nor in another life, over the same store", async () => {
    const stores = [1, 2, 3].map(() => new MemoryStore());
    const quorum = await new Quorum({ stores }).open();
    await askCosign(quorum, { ...first(leaf("a")), oldSize: 0n });
    const again = await new Quorum({ log: quorum.log, stores }).start();
    expect(await askCosign(again, { ...first(leaf("other")), oldSize: 0n })).toMatchObject({
      code: "OTHER_SIZE",
      size: 1n,
      edge: [leaf("a")],
    });
  });
});

describe("who has the file alone finds", () => {
  const verdict = async (world: World, notes?: readonly string[]) => {
    const { ok, findings } = verifyAudit(await world.lines(notes));
    return ok ? "in order" : findings.map(({ line, code }) => `${line} ${code}`);
  };

  it("nothing, where nothing is wrong", async () => {
    expect(await verdict(smallWorld())).toBe("in order");
  });

  it("P08.chain: a gap in a chain: GAP, at its line", async () => {
    const world = smallWorld();
    world.say("signal", "AAPL", { skip: 1 });
    expect(await verdict(world)).toEqual(["9 GAP"]);
  });

  it("P08.allowed: a record under the key of another: WRONG_SENDER", async () => {
    const world = smallWorld();
    world.sayAs("policy", "signal", "AAPL");
    expect(await verdict(world)).toEqual(["9 WRONG_SENDER"]);
  });

  it("P08.root: records that are not those of the checkpoint: WRONG_ROOT", async () => {
    const [world, other] = [smallWorld(), smallWorld()];
    world.say("signal", "AAPL");
    other.say("signal", "SPX");
    expect(await verdict(world, [other.checkpoint()])).toEqual(["10 WRONG_ROOT"]);
  });

  it("P08.size: checkpoints out of order, or over more than there is: WRONG_SIZE", async () => {
    const world = smallWorld();
    expect(await verdict(world, [world.checkpoint(), world.checkpoint(6)])).toEqual(["10 WRONG_SIZE"]);
  });

  it("P08.covered: records that no checkpoint speaks for: UNCOVERED", async () => {
    const world = smallWorld();
    expect(await verdict(world, [world.checkpoint(6)])).toEqual(["7 UNCOVERED"]);
  });

  it("P08.cosigned: a checkpoint of the log alone, or of one validator: NOT_COSIGNED", async () => {
    const world = smallWorld();
    expect(await verdict(world, [world.signed()])).toEqual(["9 NOT_COSIGNED"]);
    expect(await verdict(world, [world.checkpoint(8, ["validator-2"])])).toEqual(["9 NOT_COSIGNED"]);
  });
});
