import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { KeyPurpose, KeyState, Log, Mode, type Signed, SignedSchema, VoteSchema } from "@countersign/contracts";
import { Keyring, signPayload } from "@countersign/envelope";
import { describe, expect, it } from "vitest";
import {
  genesis,
  genesisEntry,
  grantOf,
  members,
  signer,
  timeMs,
  validators,
  voteKey,
  votesFor,
} from "../test/platform.ts";
import { type CertificateCode, verifyCertificate } from "./certificate.ts";

const keys = new Keyring();
for (const grant of genesis.keys) keys.grant(grant);
keys.grant(grantOf("validator-4", KeyPurpose.VOTE));
keys.grant(grantOf("validator-3", KeyPurpose.VOTE, { label: "revoked", state: KeyState.PENDING }));
const reading = { keys, mode: Mode.REPLAY, nowMs: timeMs };
const verify = (votes: readonly Signed[], bytes = genesisEntry.bytes) =>
  verifyCertificate(bytes, votes, members, reading);

const [one, two, three] = votesFor(genesisEntry) as [Signed, Signed, Signed];

describe("a certificate", () => {
  it("is two or three votes of one round, in any order", () => {
    expect(verify([one, two])).toBeUndefined();
    expect(verify([three, one])).toBeUndefined();
    expect(verify([one, two, three])).toBeUndefined();
    expect(verify(votesFor(genesisEntry, validators, { round: 3 }))).toBeUndefined();
  });

  const flipped = (signed: Signed): Signed => {
    const copy = fromBinary(SignedSchema, toBinary(SignedSchema, signed));
    copy.signatures[0]!.sig![0]! ^= 1;
    return copy;
  };
  const byAnothersKey = signVoteAs("validator-2", voteKey("validator-3"));
  const byEnvelopeKey = signVoteAs("validator-2", signer(`validator-2 ${KeyPurpose.ENVELOPE}`));
  const byPendingKey = signVoteAs("validator-3", signer("revoked"));
  const otherBytes = Uint8Array.from([...genesisEntry.bytes.subarray(0, -1), (genesisEntry.bytes.at(-1) ?? 0) ^ 1]);

  const refusals: readonly (readonly [string, CertificateCode, readonly Signed[], Uint8Array?])[] = [
    ["no votes", "NO_QUORUM", []],
    ["one vote", "NO_QUORUM", [one]],
    ["one validator twice", "SAME_VALIDATOR", [one, one]],
    ["one validator twice among three", "SAME_VALIDATOR", [one, two, one]],
    ["a vote by nobody of the members", "FOREIGN_VOTE", [one, ...votesFor(genesisEntry, ["validator-4"])]],
    ["a foreign vote beside a quorum", "FOREIGN_VOTE", [one, two, ...votesFor(genesisEntry, ["validator-4"])]],
    ["votes of two rounds", "TWO_ROUNDS", [one, ...votesFor(genesisEntry, ["validator-2"], { round: 1 })]],
    [
      "a vote for another entry",
      "OTHER_ENTRY",
      [one, ...votesFor(genesisEntry, ["validator-2"], { digest: new Uint8Array(32) })],
    ],
    ["a vote for another place", "OTHER_ENTRY", [one, ...votesFor(genesisEntry, ["validator-2"], { seq: 2n })]],
    ["votes of another members version", "OTHER_MEMBERS", votesFor(genesisEntry, validators, { membersVersion: 2n })],
    ["a changed signature", "FORGED_VOTE", [one, flipped(two)]],
    ["a vote in another's name", "FORGED_VOTE", [one, byAnothersKey]],
    ["a vote by a key for envelopes", "FORGED_VOTE", [one, byEnvelopeKey]],
    ["a vote by a key that is not active yet", "FORGED_VOTE", [one, byPendingKey]],
    ["a vote by an unknown key", "FORGED_VOTE", [one, signVoteAs("validator-2", signer("stranger"))]],
    ["a vote that lacks a field", "FORGED_VOTE", [one, signPayload("vote", new Uint8Array(), voteKey("validator-2"))]],
    [
      "a vote of another kind",
      "FORGED_VOTE",
      [one, { ...two, payloadType: "application/vnd.countersign.permit.v1+protobuf" }],
    ],
    ["other bytes", "OTHER_ENTRY", [one, two], otherBytes],
    ["bytes that are no entry", "BAD_ENTRY", [one, two], new Uint8Array([1, 2, 3])],
    ["an entry without proposals", "BAD_ENTRY", [one, two], new Uint8Array()],
  ];
  for (const [what, code, votes, bytes] of refusals)
    it(`${what} is ${code}`, () => expect(verify(votes, bytes)).toBe(code));

  function signVoteAs(validator: string, by: ReturnType<typeof signer>): Signed {
    const { seq, digest: entryDigest } = genesisEntry;
    const vote = { log: Log.CONTROL, seq, round: 0, membersVersion: 1n, entryDigest, validator };
    return signPayload("vote", toBinary(VoteSchema, create(VoteSchema, vote)), by);
  }
});
