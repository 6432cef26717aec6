/**
 * Keys are followed by others while the firm trades: nothing is refused that should pass, and a key that was taken away is refused everywhere,
 * in the step after, by a code of its own. Real Policy, Execution and validators over one log; who takes up a new key starts anew.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { KeyPurpose, Mode, SignedSchema } from "@countersign/contracts";
import { peekPropose, readEntry } from "@countersign/quorum";
import { describe, expect, it } from "vitest";
import { type IntentFields, intentOf } from "../agents/execution/test/world.ts";
import { VALIDATORS } from "../platform/src/genesis.ts";
import { BOB } from "./promises/support/p01-firm.ts";
import { Floor } from "./promises/support/p01-floor.ts";
import { enrolNext, revoke } from "./support/rotation.ts";

const ROTATED = ["policy", "execution", "portfolio", "validator-2"];

/** Buys or sells ten, which the market then meets; true when the fill is in the ledger. */
async function trade(floor: Floor, intentKey: string, fields: IntentFields = {}): Promise<boolean> {
  await floor.submit(await floor.permit(ask(floor, intentKey, fields)));
  await meet(floor);
  return isBooked(floor, intentKey);
}

function ask(floor: Floor, intentKey: string, fields: IntentFields = {}): Uint8Array {
  const decidedAtMs = BigInt(floor.scheduler.nowMs());
  return intentOf({ mode: Mode.REPLAY, intentKey, decidedAtMs, quantity: { units: 10n, scale: 0 }, ...fields });
}

/** The market comes to 190.00 and goes back. */
async function meet(floor: Floor): Promise<void> {
  await floor.quote("AAPL", 189_80, 189_90);
  await floor.quote("AAPL", 190_10, 190_20);
}

async function isBooked(floor: Floor, intentKey: string): Promise<boolean> {
  const entries = await ledger(floor);
  return entries.some(({ fills }) => fills.some((fill) => fill.intentKey === intentKey));
}

/** Of each entry of the ledger: its fills, and the keys that voted for it. */
async function ledger(floor: Floor) {
  const records = await floor.firm.log.read("ledger", 0n, 100);
  return records.map(({ entry, votes }) => ({
    fills: (readEntry(entry)?.proposes ?? []).flatMap((propose) => {
      const content = peekPropose(propose)?.request.content;
      return content?.case === "fills" ? content.value.fills : [];
    }),
    voters: votes.map((vote) => fromBinary(SignedSchema, vote).signatures[0]?.keyid),
  }));
}

const refusals = (floor: Floor) =>
  floor.heard
    .filter(({ type }) => type === "decision.refused" || type === "order.rejected")
    .map(({ payload }) => payload);

describe("keys that are followed by others while the firm trades", () => {
  it("nothing is refused, before, between and after; and who starts later reads it all again", async () => {
    const first = await Floor.open({ resumers: 2 });
    const { keys } = first.firm;
    expect(await trade(first, "before")).toBe(true);
    for (const sender of ROTATED) await enrolNext(first, sender);
    expect(await trade(first, "old keys, beside the next")).toBe(true);

    for (const sender of ROTATED) keys.next(sender);
    const second = await first.restart();
    expect(await trade(second, "next keys")).toBe(true);
    for (const sender of ROTATED) await revoke(second, sender);
    expect(await trade(second, "next keys alone")).toBe(true);
    const vote = (generation: number) => keys.of(generation).signer("validator-2", KeyPurpose.VOTE).keyid;
    expect((await ledger(second)).at(-1)?.voters).toContain(vote(1));
    expect((await ledger(second)).filter(({ voters }) => voters.includes(vote(0))).length).toBeGreaterThan(1);

    const third = await second.restart();
    expect(await trade(third, "read again")).toBe(true);
    for (const floor of [first, second, third]) expect(refusals(floor)).toEqual([]);
    expect((await third.policyState()).latches).toEqual([]);
  }, 180_000);

  it("a validator's seat changes hands: its keys are stolen and its disk is gone, and who sits there next is needed", async () => {
    const first = await Floor.open({ resumers: 2 });
    expect(await trade(first, "before")).toBe(true);
    await enrolNext(first, "validator-2");
    await revoke(first, "validator-2", { reason: "compromised" });
    expect(await trade(first, "by the two others")).toBe(true);

    first.firm.keys.next("validator-2");
    first.firm.loseStore("validator-2");
    const second = await first.restart();
    await revoke(second, "validator-3", { purposes: [KeyPurpose.VOTE] });
    expect(await trade(second, "by the successor and one other")).toBe(true);
    const { voters } = (await ledger(second)).at(-1)!;
    const vote = (name: string) => second.firm.keys.signer(name, KeyPurpose.VOTE).keyid;
    expect(voters.toSorted()).toEqual([vote("validator-1"), vote("validator-2")].toSorted());
    await expect(revoke(second, "validator-2", { generation: 1 })).rejects.toThrow("TOO_FEW_VOTERS");
  }, 180_000);

  it.each(["superseded", "compromised"] as const)(
    "an order that works is filled and booked, though Policy's key was taken away since: %s",
    async (reason) => {
      const floor = await Floor.open({ resumers: 2 });
      await floor.submit(await floor.permit(ask(floor, "working")));
      await floor.step(() => {}, floor.scheduler.nowMs() + 60_000);
      await revoke(floor, "policy", { reason, purposes: [KeyPurpose.PERMIT] });
      await floor.step(() => {}, floor.scheduler.nowMs() + 60_000);
      await meet(floor);
      expect(await isBooked(floor, "working")).toBe(true);
      expect(await floor.propose(ask(floor, "next"))).toMatchObject({
        type: "order.rejected",
        payload: { code: "NO_KEY" },
      });
    },
  );
});

describe("a key that was taken away is refused", () => {
  it("at every call, and on every topic: KEY_REVOKED; stolen, KEY_COMPROMISED", async () => {
    for (const [reason, code] of [
      ["superseded", "KEY_REVOKED"],
      ["compromised", "KEY_COMPROMISED"],
    ] as const) {
      const floor = await Floor.open({ resumers: 2 });
      await enrolNext(floor, "portfolio");
      const submit = await floor.permit(ask(floor, "permitted"));
      await revoke(floor, "portfolio", { reason });
      await expect(floor.propose(ask(floor, "asked"))).rejects.toThrow(code);
      await floor.submit(submit);
      expect(floor.last("decision.refused")).toMatchObject({
        sender: "execution",
        payload: { code, place: "pipeline" },
      });
      expect(floor.count("order.accepted")).toBe(0);
    }
  });

  it("at the gate's door, under a permit that it signed in time: PERMIT_KEY_REVOKED", async () => {
    const floor = await Floor.open({ resumers: 2 });
    const submit = await floor.permit(ask(floor, "permitted"));
    await revoke(floor, "policy", { purposes: [KeyPurpose.PERMIT] });
    await floor.submit(submit);
    expect(floor.last("order.reported")).toMatchObject({ payload: { code: "PERMIT_KEY_REVOKED", place: "accept" } });
  });

  it("as a vote: it is not counted, and two others' are", async () => {
    const floor = await Floor.open({ resumers: 2 });
    await revoke(floor, "validator-2", { purposes: [KeyPurpose.VOTE] });
    expect(await trade(floor, "by two")).toBe(true);
    const { voters } = (await ledger(floor)).at(-1)!;
    expect(voters).toHaveLength(2);
    expect(voters).not.toContain(floor.firm.keys.signer("validator-2", KeyPurpose.VOTE).keyid);
  });

  it("as a person's word: an approval, a halt, a signature under a resume", async () => {
    const floor = await Floor.open();
    const large = ask(floor, "large", { quantity: { units: 250n, scale: 0 } });
    expect(await floor.propose(large)).toMatchObject({ type: "order.escalated" });
    const request = floor.last("approval.request")?.payload as Parameters<typeof floor.approve>[0];
    await revoke(floor, BOB, { purposes: [KeyPurpose.APPROVAL] });
    await floor.approve(request, BOB);
    expect(floor.last("decision.refused")).toMatchObject({
      sender: "policy",
      payload: { code: "APPROVAL_KEY_REVOKED" },
    });
    await floor.halt("h1", ["validator-1"]);
    expect(await floor.resume(["h1"], [BOB])).toMatchObject({ code: "KEY_REVOKED", place: "validator" });
    await revoke(floor, BOB);
    for (const server of ["policy", "execution", ...VALIDATORS])
      await expect(floor.halt("h2", [server], "all", BOB)).rejects.toThrow("KEY_REVOKED");
    expect(floor.fence.state().halts.map(({ id }) => id)).toEqual(["h1"]);
  });
});
