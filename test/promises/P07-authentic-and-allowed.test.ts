/**
 * P07 Authentic and allowed. Every message and every call verifies against a key that the control log grants to that sender, type and
 * topic; else it goes to the DLQ byte for byte, with a reason.
 *
 * The doors are the real ones: envelopes on a bus, into the host of an agent that acts on whatever it is shown. A refusal is an
 * outcome: nothing acted upon, the same bytes among the dead letters with the code, and the code and the place on record.
 */
import { readFileSync } from "node:fs";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  HaltRequestSchema,
  HedgeQuoteRequestSchema,
  KeyPurpose,
  KeyState,
  Mode,
  OrderCommandSchema,
} from "@countersign/contracts";
import {
  deriveSigner,
  type EnvelopeBody,
  encodeBody,
  type GrantFields,
  Keyring,
  keyidOf,
  makeGrant,
  openPayload,
  type PipelineCode,
  pipelineCodes,
  signPayload,
} from "@countersign/envelope";
import type { Say } from "@countersign/runtime/testing";
import { describe, expect, it } from "vitest";
import { withPayload } from "./support/p07-forge.ts";
import { command, forgeries, good, ORDERS, SIGNALS, sealed, stranger } from "./support/p07-forgeries.ts";
import { actedOnce, deliveryOf, grantOf, nothingNew, Probe, refused, resealed } from "./support/p07-probe.ts";

const QUOTE = "HedgerService.Quote";
const question: Say = {
  sender: "friend",
  topic: QUOTE,
  type: "hedge.quote-request",
  payload: create(HedgeQuoteRequestSchema, { account: "main", symbol: "AAPL" }),
};

describe("what passes every door is acted upon, and what does not is refused by the pipeline", () => {
  it("a message that is authentic and allowed", async () => {
    const probe = await Probe.open();
    expect(await probe.deliver(good(probe).delivery)).toEqual(actedOnce);
  });

  for (const code of pipelineCodes) {
    const { mark, what, make } = forgeries[code];
    it(`${mark === undefined ? "" : `${mark}: `}${what}: ${code} by the pipeline, in the DLQ as it came`, async () => {
      const probe = await Probe.open();
      const delivery = make(probe);
      await expect(probe.deliver(delivery)).resolves.toEqual(refused(code, "pipeline", delivery.topic));
      // It has cost the next one nothing.
      expect(await probe.deliver(good(probe).delivery)).toEqual(actedOnce);
    });
  }

  it("a payload that is not of its type: PAYLOAD_MALFORMED by the pipeline", async () => {
    const probe = await Probe.open();
    const { body, friend } = good(probe);
    const forged = resealed(body, { payload: new Uint8Array([255]) }, friend);
    expect(await probe.deliver(forged)).toEqual(refused("PAYLOAD_MALFORMED", "pipeline", SIGNALS));
  });

  it("another payload under a known idempotency key: CONFLICT by the inbox", async () => {
    const probe = await Probe.open();
    const first = sealed(probe, { ...command, idempotencyKey: "once" });
    expect(await probe.deliver(deliveryOf(first.body, first.bytes))).toEqual(actedOnce);
    const other = create(OrderCommandSchema, { command: { case: "cancel", value: { account: "main" } } });
    const second = sealed(probe, { ...command, idempotencyKey: "once", payload: other });
    const outcome = await probe.deliver(deliveryOf(second.body, second.bytes));
    expect(outcome).toEqual(refused("CONFLICT", "inbox", ORDERS));
  });

  it("more commands than a sender may give: RATE_LIMITED by the pipeline, and a second later it may again", async () => {
    const probe = await Probe.open({ asleep: true });
    const { body, bytes } = sealed(probe, command);
    const delivery = deliveryOf(body, bytes);
    for (let n = 0; n < 10_000; n++) expect(await probe.deliver(delivery)).toEqual(nothingNew);
    expect(await probe.deliver(delivery)).toEqual(refused("RATE_LIMITED", "pipeline", ORDERS));
    // What has happened, such as a fill, is never too much: nothing may lose it.
    expect(await probe.deliver(good(probe).delivery)).toEqual(nothingNew);
    await probe.rig.run(() => {}, probe.rig.scheduler.nowMs() + 1_000);
    expect(await probe.deliver(delivery)).toEqual(nothingNew);
  });
});

describe("every reader asks for itself", () => {
  it("P07.granted-here: what another reader of the process has verified is UNKNOWN_KEY by the pipeline where it is not granted", async () => {
    const [granted, other] = [await Probe.open(), await Probe.open()];
    const { body } = good(granted);
    const delivery = resealed(body, { sender: "guest" }, granted.grant("guest"));
    expect(await granted.deliver(delivery)).toEqual(actedOnce);
    await expect(other.deliver(delivery)).resolves.toEqual(refused("UNKNOWN_KEY", "pipeline", SIGNALS));
  });

  it("a key goes forward only: rotated out it says nothing new, revoked nothing at all", async () => {
    const probe = await Probe.open();
    const signer = probe.grant("guest");
    const says = () => resealed(good(probe).body, { sender: "guest" }, signer);
    const before = says();
    expect(await probe.deliver(before)).toEqual(actedOnce);
    const waiting = says();
    const state = (next: KeyState, reason?: string) =>
      probe.rig.keys.change({ ...makeGrant(grantOf("guest", { state: next }), signer), ...(reason && { reason }) }, 0);
    expect(state(KeyState.VERIFY_ONLY)).toBeUndefined();
    expect(await probe.deliver(waiting)).toEqual(actedOnce);
    expect(state(KeyState.ACTIVE)).toBe("STATE_BACKWARDS");
    expect(state(KeyState.REVOKED, "compromised")).toBeUndefined();
    expect(await probe.deliver(says())).toEqual(refused("KEY_COMPROMISED", "pipeline", SIGNALS));
    // Not even what was said in good time: the thief may have said it.
    expect(await probe.deliver(before)).toEqual(refused("KEY_COMPROMISED", "pipeline", SIGNALS));
  });
});

describe("a call goes through the same doors", () => {
  const refusal = (code: string) => ({ code, place: "pipeline", cameBy: QUOTE, isOf: true });

  it("an authentic and allowed one is answered", async () => {
    const probe = await Probe.open();
    const { bytes } = sealed(probe, question);
    expect(await probe.call(QUOTE, bytes)).toMatchObject({ ...actedOnce, answer: expect.any(Uint8Array) });
  });

  const asked = (probe: Probe, fields: Partial<EnvelopeBody>, signer = probe.rig.signer("friend")) =>
    resealed(sealed(probe, question).body, fields, signer).bytes;
  const halt = toBinary(HaltRequestSchema, create(HaltRequestSchema));

  it.each<readonly [PipelineCode, (probe: Probe) => Uint8Array]>([
    ["MALFORMED", () => new Uint8Array([1])],
    ["UNKNOWN_KEY", (probe) => asked(probe, {}, stranger)],
    ["BAD_SIGNATURE", (probe) => withPayload(asked(probe, {}), encodeBody(sealed(probe, question).body))],
    ["WRONG_SENDER", (probe) => asked(probe, { sender: "policy" })],
    ["NOT_ALLOWED", (probe) => asked(probe, { type: "hedge.quote" })],
    ["WRONG_TOPIC", (probe) => asked(probe, { topic: "HaltService.Halt", type: "halt.request", payload: halt })],
    ["WRONG_MODE", (probe) => asked(probe, { sender: "guest" }, probe.grant("guest", { modes: [Mode.LIVE] }))],
    ["STALE", (probe) => asked(probe, { sentAtMs: BigInt(probe.rig.scheduler.nowMs() - 30_001) })],
  ])("%s: refused to the caller, and on record", async (code, make) => {
    const probe = await Probe.open();
    const outcome = await probe.call(QUOTE, make(probe));
    expect(outcome).toEqual({ acted: 0, letters: [], refusals: [refusal(code)], answer: "REFUSED" });
  });
});

describe("a statement inside a message, such as a permit or a vote, needs a key of its own purpose", () => {
  const policy = deriveSigner(new Uint8Array(32).fill(2), "policy permit");
  const payload = Buffer.from("what is permitted");
  const nowMs = Date.parse("2015-06-01");
  const opened = (fields: Partial<GrantFields> = {}, signed = signPayload("permit", payload, policy)) => {
    const keys = new Keyring();
    const grant = grantOf("policy", { purpose: KeyPurpose.PERMIT, types: [], ...fields });
    expect(keys.grant(makeGrant(grant, policy))).toBeUndefined();
    return openPayload(signed, "permit", { keys, mode: Mode.REPLAY, nowMs });
  };
  const no = (code: PipelineCode) => ({ ok: false, code, place: "pipeline" });

  it("opens under the key it was granted for", () => {
    expect(opened()).toMatchObject({ ok: true, payload });
  });

  it("P07.payload-signature: other bytes under the signature are BAD_SIGNATURE", () => {
    const signed = { ...signPayload("permit", payload, policy), payload: Buffer.from("what is not") };
    expect(opened({}, signed)).toMatchObject(no("BAD_SIGNATURE"));
  });

  it("P07.payload-keystate: a key that is not good now is refused, whatever time the statement names", () => {
    expect(opened({ state: KeyState.PENDING })).toMatchObject(no("KEY_PENDING"));
    expect(opened({ validFromMs: BigInt(nowMs + 1) })).toMatchObject(no("KEY_NOT_YET_VALID"));
    expect(opened({ validUntilMs: BigInt(nowMs) })).toMatchObject(no("KEY_EXPIRED"));
  });

  it("P07.payload-purpose: an approval key signs no permit: WRONG_PURPOSE", () => {
    expect(opened({ purpose: KeyPurpose.APPROVAL })).toMatchObject(no("WRONG_PURPOSE"));
  });

  it("P07.payload-mode: a key of paper trading signs no permit of a replay: WRONG_MODE", () => {
    expect(opened({ modes: [Mode.PAPER] })).toMatchObject(no("WRONG_MODE"));
  });

  it("a permit passes for no approval: WRONG_PAYLOAD_TYPE", () => {
    expect(opened({}, signPayload("approval", payload, policy))).toMatchObject(no("WRONG_PAYLOAD_TYPE"));
  });
});

describe("no key is registered that would sign for everybody, or for nobody in particular", () => {
  interface Speccheck {
    readonly cases: readonly { readonly case: number; readonly publicKey: string; readonly registration: string }[];
  }
  // Small order, mixed order (torsion) and non-canonical spellings, as the authors of the attack publish them.
  const url = new URL("../../packages/envelope/test/ed25519-speccheck.json", import.meta.url);
  const { cases }: Speccheck = JSON.parse(readFileSync(url, "utf8"));
  const honest = deriveSigner(new Uint8Array(32).fill(3), "honest");
  const fields = grantOf("guest");

  it("an honest key is", () => {
    expect(new Keyring().grant(makeGrant(fields, honest))).toBeUndefined();
  });

  it("the published cases hold small-order, torsion and non-canonical keys", () => {
    const kinds = new Set(cases.map(({ registration }) => registration));
    for (const kind of ["NON_CANONICAL_KEY", "SMALL_ORDER_KEY", "TORSION_KEY"]) expect(kinds).toContain(kind);
  });

  it.each(cases)("case $case: $registration, and nothing is granted", ({ publicKey, registration }) => {
    const key = Uint8Array.from(Buffer.from(publicKey, "hex"));
    const keys = new Keyring();
    expect(keys.grant({ ...makeGrant(fields, honest), publicKey: key, keyid: keyidOf(key) })).toBe(registration);
    expect(keys.records()).toEqual([]);
  });

  it("a key whose holder does not prove that he has it: UNPROVEN_KEY", () => {
    const keys = new Keyring();
    const grant = makeGrant(fields, honest);
    expect(keys.grant({ ...grant, proof: stranger.sign(Buffer.from("mine")) })).toBe("UNPROVEN_KEY");
    // Nor with more rights than he has signed for.
    expect(keys.grant({ ...grant, sender: "policy" })).toBe("UNPROVEN_KEY");
    expect(keys.records()).toEqual([]);
  });
});
