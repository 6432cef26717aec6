/**
 * `countersign keys` against three validators over gRPC, on the folder of a real cluster: somebody is enrolled by the founder, gets another role,
 * acts, and is taken away; an agent's key is followed by the next.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GrpcRpc } from "@countersign/grpc";
import { cloneFile } from "@countersign/platform";
import { MemoryQuorumLog } from "@countersign/quorum";
import { afterAll, beforeAll, expect, it } from "vitest";
import { VALIDATORS } from "../platform/src/genesis.ts";
import { keysDir, readSpec } from "../platform/src/processes/cluster.ts";
import { foundCluster, proposeFounding } from "../platform/src/processes/found.ts";
import { choiceOf } from "./crash/trial.ts";
import { countersignIn } from "./support/countersign.ts";
import { serveValidator } from "./support/validators.ts";

const BOB = "person:bob";

let dir = "";
let folder = "";
const doors: GrpcRpc[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "countersign-keys-"));
  folder = join(dir, "cluster");
  const choice = choiceOf({ dir, seed: "1", speed: 20, hedge: "EURUSD", say: () => {} });
  await foundCluster(folder, { ...choice, kafka: ["127.0.0.1:1"] }, { postgres: "postgres://nobody@127.0.0.1:1/none" });
  const log = new MemoryQuorumLog();
  for (const name of VALIDATORS) doors.push(await serveValidator(folder, name, log));
  await proposeFounding(folder);
}, 60_000);

afterAll(async () => {
  for (const door of doors) await door.close(0);
  rmSync(dir, { recursive: true, force: true });
});

const countersign = (...args: string[]) => countersignIn(dir, folder)(...args);
const keys = (...args: string[]) => countersign("keys", ...args);
const listed = async () => JSON.parse((await keys("list", "--json")).said);

it("enrols a person with a role and an amount, whose private keys nobody else can read or is shown", async () => {
  const made = await keys("new", BOB, "--role", "approver", "--up-to", "50000", "--out", "bob.json");
  expect(made).toMatchObject({ code: 0, said: expect.stringMatching(/asks to be approver; approves up to 50,000.00/) });
  const private_ = readdirSync(keysDir(folder)).filter((file) => file.startsWith("person_bob"));
  expect(private_).toEqual(["person_bob.approval.key", "person_bob.envelope.key"]);
  const request = readFileSync(join(dir, "bob.json"), "utf8");
  for (const file of private_) {
    const path = join(keysDir(folder), file);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const secret = readFileSync(path, "utf8").trim();
    for (const shown of [made.said, request]) {
      expect(shown).not.toContain(secret);
      expect(shown).not.toContain(Buffer.from(secret, "hex").toString("base64"));
    }
  }
  expect(await keys("enrol", "bob.json", "--yes")).toMatchObject({
    code: 0,
    said: expect.stringContaining("person:bob is enrolled: entry 2, entry 3, entry 4 of the control log"),
  });
  expect(await listed()).toMatchObject({
    roles: [
      { person: readSpec(folder).person, roles: ["approver", "risk", "admin"] },
      { person: BOB, roles: ["approver"], approvesUpTo: { amount: "50000.00" } },
    ],
  });
  expect((await keys("enrol", "bob.json", "--yes")).said).toContain("person:bob is enrolled already");
});

it("a person may do what the role says, and no more, until it is another one", async () => {
  await keys("new", "person:eve", "--role", "viewer", "--out", "eve.json");
  expect(await keys("enrol", "eve.json", "--yes", "--as", BOB)).toMatchObject({
    code: 1,
    said: expect.stringContaining("the validators refuse it: ROLE_MISSING"),
  });
  await keys("role", BOB, "--role", "admin", "--out", "bob-admin.json");
  expect((await keys("enrol", "bob-admin.json", "--yes")).code).toBe(0);
  rmSync(join(dir, "eve.json"));
  for (const purpose of ["approval", "envelope"]) rmSync(join(keysDir(folder), `person_eve.${purpose}.key`));
  await keys("new", "person:eve", "--role", "viewer", "--out", "eve.json");
  expect((await keys("enrol", "eve.json", "--yes", "--as", BOB)).code).toBe(0);
  // Who enrols does not resume; who founded the cluster may do both.
  const refused = await countersign("resume", "-m", "open", "--as", BOB);
  expect(refused).toMatchObject({ code: 1, said: expect.stringContaining("ROLE_MISSING") });
  expect((await countersign("resume", "-m", "open")).said).toContain("trading is open");
  // Who only looks can read the log, and halt nothing.
  expect((await keys("list", "--as", "person:eve")).code).toBe(0);
  const halt = await countersign("halt", "1", "-m", "why not", "--as", "person:eve");
  expect(halt).toMatchObject({ code: 1, said: expect.stringContaining("NOT STOPPED FOR CERTAIN") });
});

it("one person takes another's keys away, and from then on they say nothing", async () => {
  const revoked = await keys("revoke", BOB, "--compromised", "--as", readSpec(folder).person);
  expect(revoked).toMatchObject({
    code: 0,
    said: expect.stringMatching(/envelopes .*: revoked, compromised: entry \d+/),
  });
  const said = await keys("revoke", "person:eve", "--as", BOB);
  expect(said).toMatchObject({ code: 1, said: expect.stringMatching(/no validator says|refuses/) });
  expect((await listed()).keys.filter(({ sender }: { sender: string }) => sender === BOB)).toEqual([]);
});

it("an agent's keys are followed by the next: both count until the old ones are taken away", async () => {
  const file = (which = "") => join(keysDir(folder), `policy.permit${which}.key`);
  const before = readFileSync(file(), "utf8");
  expect((await keys("revoke", "policy")).said).toContain("policy cannot speak without its keys");
  expect((await keys("revoke", "policy", "--old")).said).toContain("enrol the next ones first");
  expect((await keys("new", "policy", "--out", "policy.json")).code).toBe(0);
  expect(readFileSync(file(), "utf8")).toBe(before);
  const enrolled = await keys("enrol", "policy.json", "--yes");
  expect(enrolled).toMatchObject({ code: 0, said: expect.stringContaining("keys revoke policy --old") });
  expect([readFileSync(file(), "utf8") === before, readFileSync(file(".old"), "utf8") === before]).toEqual([
    false,
    true,
  ]);
  expect(existsSync(file(".next"))).toBe(false);
  const own = async () =>
    (await listed()).keys
      .filter(({ sender }: { sender: string }) => sender === "policy")
      .map(({ purpose }: { purpose: string }) => purpose);
  expect(await own()).toEqual(["ENVELOPE", "PERMIT", "ENVELOPE", "PERMIT"]);
  expect(await keys("revoke", "policy", "--old")).toMatchObject({
    code: 0,
    said: expect.stringContaining("superseded"),
  });
  expect(await own()).toEqual(["ENVELOPE", "PERMIT"]);
});

it("limits count by an entry that administrators have signed", async () => {
  expect((await keys("limits", cloneFile("limits/intraday.json"), "--out", "limits.json")).code).toBe(0);
  expect(await keys("enrol", "limits.json", "--yes")).toMatchObject({
    code: 0,
    said: expect.stringMatching(/the limits [0-9a-f]{12} shall count.*Policy permits nothing until it has them/s),
  });
  expect((await keys("enrol", "limits.json", "--yes")).said).toContain("enrolled already");
});

it.each<[string, readonly string[], number, RegExp]>([
  ["a sender that there is not", ["new", "nobody"], 2, /nobody: no such sender: person:<name>, compliance/],
  ["a person without a role", ["new", "person:carl"], 2, /name what the person may do/],
  ["an agent with one", ["new", "signal", "--role", "admin"], 2, /only a person has a role/],
  [
    "a role that there is not",
    ["new", "person:carl", "--role", "king"],
    2,
    /--role king: viewer, approver, risk or admin/,
  ],
  ["an approver without an amount", ["new", "person:carl", "--role", "approver"], 2, /--up-to/],
  [
    "an amount that is none",
    ["new", "person:carl", "--role", "risk", "--up-to", "much"],
    2,
    /--up-to much: an amount of/,
  ],
  ["a file that is no request", ["enrol", "cluster/cluster.json", "--yes"], 2, /no enrolment: make one with/],
  ["a file that there is not", ["enrol", "none.json", "--yes"], 1, /none\.json: no such file/],
  ["nobody's key", ["revoke", "zzzz"], 2, /no such sender, and no key that counts/],
])("%s is refused in one line, and nothing is made", async (_, args, code, line) => {
  const before = readdirSync(keysDir(folder));
  const { code: ended, said } = await keys(...args);
  expect({ code: ended, said }).toEqual({ code, said: expect.stringMatching(line) });
  expect(said.trim().split("\n")).toHaveLength(1);
  expect(readdirSync(keysDir(folder))).toEqual(before);
});
