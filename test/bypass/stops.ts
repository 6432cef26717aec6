/** Orders while trading has stopped, and entries of the logs that no quorum has certified: by who has one validator's keys of three. */
import { setTimeout as wait } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  DepositSchema,
  EntryPostedSchema,
  KeyPurpose,
  type ProposeRequest,
  ProposeRequestSchema,
  ReadRequestSchema,
  type ReadResponse,
  ResumeSchema,
  type Signed,
  VoteSchema,
} from "@countersign/contracts";
import { attach, type Signer, sealCall } from "@countersign/envelope";
import {
  buildEntry,
  type Head,
  type LogName,
  logToWire,
  opIdOf,
  signResume,
  signVote,
  type Vote,
} from "@countersign/quorum";
import type { Attempt } from "./attempt.ts";
import type { Ground } from "./ground.ts";
import { wanted } from "./orders.ts";
import { MALLORY, SILENCE, type Thief } from "./thief.ts";

/** Longer than the fence's lease of 3 s, and than the audit log's of 10 s; a permit got in between lives longer than what is left. */
const QUORUM = { down: ["validator-1", "validator-2", "validator-3"], permittedMs: 1_000, leaseMs: 4_500 };
const AUDIT = { down: ["compliance"], permittedMs: 5_000, leaseMs: 12_000 };
const PERMITTED = "permitted";

export const stops: readonly Attempt[] = [
  {
    name: "an order asked for in a halt",
    expected: "HALTED at policy",
    marks: ["P03.policy", "P03.latch"],
    go: (thief, ground) => inHalt(thief, ground, () => ask(thief)),
  },
  {
    name: "a resume that one validator has voted for, signed by Mallory, and then an order",
    expected: "HALTED at policy",
    marks: ["P04.control"],
    go: (thief, ground) =>
      inHalt(thief, ground, async () => {
        const { epoch, halts } = thief.desk.fence.state();
        const [haltIds, reason] = [halts.map(({ id }) => id), "it was a drill"];
        const word = { haltIds, reason, epoch, person: MALLORY };
        const signatures = [signResume(word, thief.signer(MALLORY, KeyPurpose.APPROVAL))];
        const value = create(ResumeSchema, { haltIds, reason, signatures });
        const { send } = await falseEntry(thief, "control", { case: "resume", value }, (own) => [own()]);
        await send();
        await thief.quiet();
        return ask(thief);
      }),
  },
  deposit("that one validator has voted for", "NO_QUORUM", ["P04.quorum", "P04.policy"], (own) => [own()]),
  deposit("that one validator has voted for twice", "SAME_VALIDATOR", ["P04.distinct"], (own) => [own(), own()]),
  deposit("with its votes of two rounds", "TWO_ROUNDS", ["P04.round"], (own) => [own(), own({ round: 1 })]),
  deposit("with its votes under another list of members", "OTHER_MEMBERS", ["P04.members-version"], (own) => {
    const vote = own({ membersVersion: 2n });
    return [vote, vote];
  }),
  deposit("with its vote in another's name", "FORGED_VOTE", ["P04.name"], (own) => [
    own(),
    own({ validator: "validator-2" }),
  ]),
  deposit("with a vote by who is no validator", "FORGED_VOTE", [], (own, thief) => [
    own(),
    own({ validator: "portfolio" }, thief.signer("portfolio")),
  ]),
  deposit("with another validator's vote for the entry before", "OTHER_ENTRY", ["P04.entry"], (own, _, before) => [
    own(),
    before,
  ]),
  ...(
    [
      ["the quorum", "FENCE_STALE", ["P04.policy-lease", "P04.lease"], ["P03.fresh"], QUORUM],
      ["Compliance", "AUDIT_STALE", ["P08.policy-lease", "P08.lease"], ["P08.gate-lease"], AUDIT],
    ] as const
  ).flatMap(([who, code, ofPolicy, ofGate, { down, permittedMs, leaseMs }]) => [
    {
      name: `an order asked for while ${who} is down`,
      expected: `${code} at policy`,
      marks: ofPolicy,
      go: (thief: Thief, ground: Ground) =>
        ground.whileDown(thief, down, async () => {
          await wait(leaseMs);
          return ask(thief);
        }),
    },
    {
      name: `a permitted order while ${who} is down`,
      expected: `${code} at accept`,
      marks: ofGate,
      go: (thief: Thief, ground: Ground) =>
        ground.whileDown(thief, down, async () => {
          await wait(permittedMs);
          const { intent, key } = wanted(thief);
          const honest = await thief.permitted(intent);
          await wait(leaseMs - permittedMs);
          return thief.submit(honest, key);
        }),
    },
  ]),
];

async function ask(thief: Thief): Promise<string> {
  const said = await thief.ask(wanted(thief).intent);
  return typeof said === "string" ? said : PERMITTED;
}

async function inHalt(thief: Thief, ground: Ground, act: () => Promise<string>): Promise<string> {
  await ground.halt();
  await thief.desk.readWhole();
  const said = await act();
  await ground.resume(thief);
  return said;
}

/** A million for the account, in an entry under these votes. */
function deposit(what: string, code: string, marks: readonly string[], votes: Votes): Attempt {
  return {
    name: `a deposit of a million ${what}`,
    expected: `${code} at policy`,
    marks,
    go: async (thief) => {
      const amount = { units: 100_000_000n, scale: 2, currency: "USD" };
      const value = create(DepositSchema, { depositId: thief.unique(), account: thief.account, amount, by: MALLORY });
      const { msgId, send } = await falseEntry(thief, "ledger", { case: "deposit", value }, votes);
      const said = await thief.outcome(msgId, send, "policy");
      return said === SILENCE ? "believed" : said;
    },
  };
}

/** @param own validator-1's vote for the false entry, unless told otherwise  @param before another validator's for the last true one */
type Votes = (
  own: (fields?: Partial<Vote>, signer?: Signer) => Signed,
  thief: Thief,
  before: Signed,
) => readonly Signed[];

/** The next entry of this log, to be announced in validator-1's name, by the keys that he has. */
async function falseEntry(thief: Thief, log: LogName, content: ProposeRequest["content"], votes: Votes) {
  const { head, vote } = await lastOf(thief, log);
  const entry = buildEntry(log, head, [proposeOf(thief, log, content)]);
  const place = { log, seq: entry.seq, round: 0, membersVersion: 1n, entryDigest: entry.digest };
  const own = (fields: Partial<Vote> = {}, signer = thief.signer("validator-1", KeyPurpose.VOTE)) =>
    signVote({ ...place, validator: "validator-1", ...fields }, signer);
  const payload = toBinary(EntryPostedSchema, create(EntryPostedSchema, { entry: entry.bytes }));
  const topic = log === "ledger" ? "ledger.entries.v1" : "control.halt.v1";
  const said = { sender: "validator-1", topic, key: log, type: `${log}.entry`, payload };
  const { msgId, bytes } = thief.sealed(said, thief.signer("validator-1"));
  const value = attach(bytes, [...votes(own, thief, vote)]);
  return { msgId, send: () => thief.put([{ topic, key: log, value }]) };
}

function proposeOf(thief: Thief, log: LogName, content: ProposeRequest["content"]): Uint8Array {
  const request = create(ProposeRequestSchema, { opId: opIdOf({ content })!, log: logToWire(log), content });
  const payload = toBinary(ProposeRequestSchema, request);
  const facts = { sender: MALLORY, call: "QuorumService.Propose", type: "quorum.propose", intent: "STEAL" };
  const about = { nowMs: Date.now(), about: thief.unique() };
  return sealCall({ ...facts, ...about, payload }, thief.signer(MALLORY)).bytes;
}

/** Where the log stands, and a vote of validator-2 or -3 under its last entry: anybody may read them. */
async function lastOf(thief: Thief, log: LogName): Promise<{ readonly head: Head; readonly vote: Signed }> {
  const request = create(ReadRequestSchema, { log: logToWire(log), afterSeq: 0n });
  const payload = toBinary(ReadRequestSchema, request);
  const read = ["QuorumService.Read", "validator-2", "quorum.read-request", payload, "compliance"] as const;
  const { said, answer } = await thief.call(...read);
  if (answer === undefined) throw new Error(`the thief cannot read the log: ${said}`);
  const { headSeq, headDigest, entries } = answer.payload as ReadResponse;
  const isOthers = ({ payload: bytes }: Signed) =>
    fromBinary(VoteSchema, bytes ?? new Uint8Array()).validator !== "validator-1";
  const vote = entries.at(-1)?.votes.find(isOthers);
  if (headSeq === undefined || headDigest === undefined || vote === undefined) throw new Error(`${log} has no entry`);
  return { head: { seq: headSeq, digest: headDigest }, vote };
}
