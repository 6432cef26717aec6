import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { KeyPurpose, KeyState, SignedSchema } from "@countersign/contracts";
import { attach, importPublicKey, seal, sha256 } from "@countersign/envelope";
import { MerkleLog } from "@countersign/merkle";
import { describe, expect, it } from "vitest";
import {
  checkpointSigner,
  deposit,
  genesis,
  grantOf,
  keyChange,
  keyOf,
  origin,
  signerOf,
  smallWorld,
  validators,
  World,
} from "../test/world.ts";
import { AuditError } from "./error.ts";
import { auditLines } from "./lines.ts";
import { cosignNote, signNote } from "./note.ts";
import { formatNoteKey, noteKey } from "./note-key.ts";
import { bodyBytesOf, leafOf } from "./record.ts";
import { type Expected, type Verdict, verifyAudit } from "./verify.ts";

const started = () => {
  const world = new World();
  world.post({ case: "genesis", value: genesis });
  return world;
};
const verify = async (world: World, checkpoints?: readonly string[], expected?: Expected) =>
  verifyAudit(await world.lines(checkpoints), expected);
const found = ({ ok, findings }: Verdict) => {
  expect(ok).toBe(findings.length === 0);
  return findings.map(({ line, code }) => `${line} ${code}`);
};
const errorOf = (lines: Iterable<string>): unknown => {
  try {
    return verifyAudit(lines);
  } catch (error) {
    return error;
  }
};

describe("a file as it was exported", () => {
  it("is in order, and its verdict names what a person compares", async () => {
    const world = smallWorld();
    const tree = new MerkleLog();
    const keyid = expect.stringMatching(/^countersign\/test\/validator-\d\+[0-9a-f]{8}\+B/);
    for (const envelope of world.envelopes) tree.append(leafOf({ bodyBytes: bodyBytesOf(envelope) }));
    const verdict = await verify(world);
    expect(found(verdict)).toEqual([]);
    expect(verdict).toMatchObject({ platform: "test", records: 8, chains: 5, root: tree.root() });
    expect(verdict.checkpoints).toEqual([
      {
        line: 9,
        origin,
        size: 8,
        root: tree.root(),
        key: formatNoteKey(noteKey(origin, importPublicKey(checkpointSigner.publicKey))),
        cosigners: ["validator-1", "validator-2"].map((validator) => ({ validator, key: keyid })),
      },
    ]);
    expect(verdict.genesisDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(found(await verify(world, undefined, { genesisDigest: verdict.genesisDigest! }))).toEqual([]);
    expect(found(await verify(world, undefined, { genesisDigest: "00" }))).toEqual(["0 OTHER_GENESIS"]);
  });

  it("may have earlier checkpoints, which are consistent with the last", async () => {
    const world = smallWorld();
    expect(
      found(
        await verify(
          world,
          [2, 5, 8].map((size) => world.checkpoint(size)),
        ),
      ),
    ).toEqual([]);
    const forged = signNote(
      `${origin}\n5\n${Buffer.from(sha256(Buffer.from("other"))).toString("base64")}\n`,
      origin,
      checkpointSigner,
    );
    expect(found(await verify(world, [world.checkpoint(2), forged, world.checkpoint()]))).toEqual(["10 WRONG_ROOT"]);
  });

  it("is judged by the keys that were good at each place", async () => {
    const world = started();
    world.say("policy", "policy");
    const [old] = genesis.keys.filter(({ sender, purpose }) => sender === "policy" && purpose === KeyPurpose.ENVELOPE);
    world.post(keyChange({ ...old!, state: KeyState.REVOKED, reason: "superseded" }), { by: "person:ada" });
    expect(found(await verify(world))).toEqual([]);
    world.say("policy", "policy");
    expect(found(await verify(world))).toEqual(["4 KEY_REVOKED"]);
  });
});

describe("what a verifier finds", () => {
  it("a gap in a chain: which, and what was expected", async () => {
    const world = started();
    world.say("signal", "AAPL");
    world.say("signal", "AAPL", { skip: 2 });
    const verdict = await verify(world);
    expect(found(verdict)).toEqual(["3 GAP"]);
    expect(verdict.findings[0]?.text).toMatch(
      /^line 3: a gap in the chain of signal on signals.market.v1 for AAPL: seq 2 was next, seq 4 came\. /,
    );
  });

  it("a fork, and a record that stands there twice", async () => {
    const world = started();
    const first = world.say("policy", "policy");
    world.sayInstead("policy", "policy");
    world.add(first);
    expect(found(await verify(world))).toEqual(["3 FORK", "4 REPEATED"]);
  });

  it("a record under a key that nobody granted, or that was granted something else", async () => {
    const world = started();
    const body = { ...fields("policy"), type: "decision.made", topic: "audit.records.v1" };
    world.add(seal(body, signerOf("stranger")).bytes);
    world.add(seal({ ...body, sender: "signal" }, keyOf("policy")).bytes);
    world.add(seal({ ...body, type: "decision.refused" }, keyOf("policy")).bytes);
    expect(found(await verify(world))).toEqual(["2 UNKNOWN_KEY", "3 WRONG_SENDER", "4 NOT_ALLOWED"]);
  });

  it("an entry without its votes, with one, with one twice, or with those of another entry", async () => {
    const world = started();
    for (const voters of [[], ["validator-1"], ["validator-1", "validator-1", "validator-2"]])
      world.post(deposit(`d${voters}`), { voters });
    world.post(deposit("other"), { votesOn: new Uint8Array(32) });
    expect(found(await verify(world))).toEqual([2, 3, 4, 5].map((line) => `${line} NOT_CERTIFIED`));
  });

  it("one bad vote among three", async () => {
    const world = new World();
    const envelope = world.post({ case: "genesis", value: genesis }, { voters: validators });
    const signed = fromBinary(SignedSchema, envelope);
    signed.attached[2]!.signatures[0]!.sig![5]! ^= 1;
    world.envelopes[0] = toBinary(SignedSchema, signed);
    expect(found(await verify(world))).toEqual(["1 NOT_CERTIFIED"]);
  });

  it("something attached to a record that is no entry", async () => {
    const world = started();
    const envelope = world.say("policy", "policy");
    const [vote] = fromBinary(SignedSchema, world.envelopes[0]!).attached;
    world.envelopes[1] = attach(envelope, [vote!]);
    expect(found(await verify(world))).toEqual(["2 UNEXPECTED_ATTACHMENT"]);
  });

  it("a gap and a fork of the certified logs themselves", async () => {
    const world = started();
    world.post(deposit("d1"));
    world.post(deposit("d3"), { skip: 1 });
    expect(found(await verify(world))).toEqual(["3 LOG_GAP"]);
    const [other, line] = [smallWorld(), 8];
    const second = started();
    second.post(deposit("another"));
    // The same place of the ledger, certified twice; the teller's own chain forks with it.
    other.add(second.envelopes[1]!);
    expect(found(await verify(other))).toEqual([`${line + 1} FORK`, `${line + 1} LOG_FORK`]);
  });

  it("a change of keys that no person asked for", async () => {
    const world = started();
    const grant = grantOf("policy", KeyPurpose.ENVELOPE, { label: "new", says: ["decision.made audit.records.v1"] });
    world.post(keyChange(grant), { by: "operator" });
    expect(found(await verify(world))).toEqual(["2 FORGED_PROPOSE"]);
  });

  it("a record that says it is another", async () => {
    const lines = await smallWorld().lines();
    lines[4] = lines[4]!.replace('"index":4', '"index":5');
    expect(found(verifyAudit(lines))).toEqual(["5 WRONG_INDEX"]);
  });

  it("no genesis", async () => {
    const world = new World();
    world.say("policy", "policy");
    expect(found(await verify(world))).toEqual(["0 NO_GENESIS"]);
    expect(found(verifyAudit([]))).toEqual(["0 NO_GENESIS"]);
  });

  it("checkpoints: none, of another log, by another key, with a stranger's signature, of too many, or not of the last", async () => {
    const world = smallWorld();
    const size = world.envelopes.length;
    const good = world.checkpoint();
    const cases: [string[], string[]][] = [
      [[], ["0 NO_CHECKPOINT"]],
      [[world.signed(size, checkpointSigner, "countersign/other")], ["9 NO_KNOWN_SIGNATURE", "1 UNCOVERED"]],
      [[world.signed(size, keyOf("policy"))], ["9 NO_KNOWN_SIGNATURE", "1 UNCOVERED"]],
      [[good + cosignNote(good, "witness", keyOf("policy"), 1)], ["9 UNKNOWN_SIGNATURE", "1 UNCOVERED"]],
      [[good.replace("\n8\n", "\n9\n")], ["9 BAD_NOTE_SIGNATURE", "1 UNCOVERED"]],
      [[signNote("something else\n", origin, checkpointSigner)], ["9 NO_CHECKPOINT_TEXT", "1 UNCOVERED"]],
      [[signNote(`other\n8\n${"A".repeat(43)}=\n`, origin, checkpointSigner)], ["9 WRONG_ORIGIN", "1 UNCOVERED"]],
      [[world.signed()], ["9 NOT_COSIGNED"]],
      [[world.checkpoint(size, ["validator-3"])], ["9 NOT_COSIGNED"]],
      [[world.checkpoint(size, ["validator-3", "validator-3"])], ["9 NOT_COSIGNED"]],
      [[good.split("\n").toSpliced(4, 1).join("\n")], ["9 NO_KNOWN_SIGNATURE", "1 UNCOVERED"]],
      [[world.checkpoint(6)], ["7 UNCOVERED"]],
      [[good, world.checkpoint(6)], ["10 WRONG_SIZE"]],
    ];
    for (const [checkpoints, findings] of cases)
      expect(found(await verify(world, checkpoints)).sort()).toEqual(findings.sort());
    const text = await world.text();
    const cut = text
      .split("\n")
      .filter((_, n) => n !== 7)
      .slice(0, -1);
    expect(found(verifyAudit(cut))).toEqual(["8 WRONG_SIZE"]);
  });
});

describe("a file that cannot be read is refused with line and cure", () => {
  it.each<[string, (lines: string[]) => void, RegExp]>([
    ["no JSON", (lines) => lines.splice(2, 1, "{"), /^line 3: it is no record and no checkpoint\. .*export it again$/],
    ["an empty line", (lines) => lines.splice(1, 0, ""), /^line 2: /],
    ["a space", (lines) => lines.splice(0, 1, lines[0]!.replace(":", ": ")), /^line 1: it is not written as/],
    ["a field more", (lines) => lines.splice(0, 1, lines[0]!.replace("{", '{"a":1,')), /^line 1: it is not written as/],
    [
      "a number otherwise",
      (lines) => lines.splice(0, 1, lines[0]!.replace(":0,", ":0.0,")),
      /^line 1: it is not written/,
    ],
    ["a record after the checkpoint", (lines) => lines.push(lines[0]!), /^line 10: it is a record after a checkpoint/],
    [
      "an envelope without a body",
      (lines) => lines.splice(1, 1, '{"index":1,"topic":"","envelope":{}}'),
      /^line 2: it has an envelope without a body/,
    ],
  ])("%s", async (_, spoil, message) => {
    const lines = await smallWorld().lines();
    spoil(lines);
    const error = errorOf(lines);
    expect(error).toBeInstanceOf(AuditError);
    expect(error).toMatchObject({ code: "BAD_LINE", message: expect.stringMatching(message) });
  });

  it("bytes that are no lines of text", () => {
    const read =
      (...bytes: number[]) =>
      () => [...auditLines(Uint8Array.from(bytes))];
    expect(read(97, 10, 98, 10)()).toEqual(["a", "b"]);
    expect(read(97, 10, 98)).toThrow(
      expect.objectContaining({ code: "BAD_FILE", message: expect.stringMatching(/^line 2: /) }),
    );
    expect(read(97, 10, 0xff, 10)).toThrow(expect.objectContaining({ code: "BAD_FILE" }));
  });
});

function fields(sender: string) {
  const msgId = "018bcfe5-6800-7b00-8b00-0123456789ab";
  const chain = { seq: 1n, prev: new Uint8Array(32) };
  const ids = { msgId, correlationId: msgId, causationId: "", idempotencyKey: "" };
  const payload = toBinary(SignedSchema, create(SignedSchema));
  return { ...ids, ...chain, version: "v1", sentAtMs: 1n, ttlMs: 0, sender, intent: "", key: sender, payload };
}
