import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  ChangedSchema,
  ChangeSchema,
  GenesisSchema,
  KeyChangeSchema,
  KeyPurpose,
  KeyState,
  Role,
  RoleGrantSchema,
} from "@countersign/contracts";
import { mayDo } from "@countersign/envelope";
import { describe, expect, it } from "vitest";
import { approvalKey, type Content, controlEntry, genesis, grantOf, resumeContent } from "../test/platform.ts";
import { signChange } from "./change.ts";
import { applyControl, bornHalted, type ControlState } from "./control.ts";
import { emptyHead } from "./entry.ts";
import { genesisDigest } from "./genesis.ts";
import { signKeyChange } from "./key-change.ts";
import { peekPropose } from "./propose.ts";

const ADA = "person:ada";
const BOB = "person:bob";
const EVE = "person:eve";
const usd = (units: bigint) => ({ units, scale: 2, currency: "USD" });

/** Ada and Bob administer; Ada resumes too, and approves up to 500.00. Eve only looks, and has a key. */
const founded = found([
  { person: ADA, roles: [Role.APPROVER, Role.RISK, Role.ADMIN], approvesUpTo: usd(500_00n) },
  { person: BOB, roles: [Role.ADMIN] },
  { person: EVE, roles: [Role.VIEWER] },
]);

type Roles = readonly MessageInitShape<typeof RoleGrantSchema>[];

function found(roles: Roles): ControlState {
  const keys = [...genesis.keys, grantOf(EVE, KeyPurpose.APPROVAL, { person: true })];
  return reached(foldGenesis(roles, keys));
}

function foldGenesis(roles: Roles, keys = genesis.keys) {
  const value = create(GenesisSchema, { ...genesis, keys, roles: roles.map((one) => create(RoleGrantSchema, one)) });
  const entry = controlEntry(emptyHead, { case: "genesis", value });
  return applyControl(bornHalted(genesisDigest(peekPropose(entry.proposes[0]!)!.payload)), entry);
}

function reached(result: ReturnType<typeof applyControl>): ControlState {
  if (!result.ok) throw new Error(result.code);
  return result.state;
}

type What = MessageInitShape<typeof ChangedSchema>["what"];

/** @param said what the persons have signed, where it is another */
function change(number: bigint, what: What, persons = [ADA, BOB], said = what): Content {
  const signed = create(ChangedSchema, { number, ...(said && { what: said }) });
  const changed = create(ChangedSchema, { number, ...(what && { what }) });
  const signatures = persons.map((person) => signChange(signed, person, approvalKey(person)));
  return { case: "change", value: create(ChangeSchema, { changed, signatures }) };
}

const role = (person: string, ...roles: Role[]): What => ({ case: "role", value: { person, roles } });

function apply(state: ControlState, content: Content, sender = ADA) {
  const { seq, digest } = state.fence.head;
  return applyControl(state, controlEntry({ seq, digest: Buffer.from(digest, "hex") }, content, sender));
}

const next = (state: ControlState, content: Content, sender?: string) => reached(apply(state, content, sender));
const codeOf = (state: ControlState, content: Content, sender?: string) => {
  const result = apply(state, content, sender);
  return result.ok ? "ok" : result.code;
};

const keyOf = ({ keys }: ControlState, person: string) => keys.find(approvalKey(person).keyid)!;

describe("roles", () => {
  it("come with the genesis, with the amount that a person may approve", () => {
    expect(mayDo(keyOf(founded, ADA), "approve")).toBe(true);
    expect(keyOf(founded, ADA).standing?.approvesUpTo).toMatchObject(usd(500_00n));
    expect(mayDo(keyOf(founded, BOB), "approve")).toBe(false);
    expect(mayDo(keyOf(founded, EVE), "revoke")).toBe(false);
  });

  it("change by an entry that as many administrators have signed as a resume takes persons", () => {
    const changed = next(founded, change(1n, role(EVE, Role.APPROVER)));
    expect(mayDo(keyOf(changed, EVE), "approve")).toBe(true);
    expect(mayDo(keyOf(founded, EVE), "approve")).toBe(false);
    const back = next(changed, change(2n, role(EVE)));
    expect(mayDo(keyOf(back, EVE), "approve")).toBe(false);
  });

  it("a signature is spent with its number: what was undone is not done again by who kept it", () => {
    const granted = change(1n, role(EVE, Role.ADMIN));
    const undone = next(next(founded, granted), change(2n, role(EVE)));
    for (const state of [next(founded, granted), undone]) expect(codeOf(state, granted)).toBe("OLD_CHANGE");
    expect(codeOf(founded, change(2n, role(EVE)))).toBe("OLD_CHANGE");
  });

  const refusals: readonly (readonly [string, string, Content, string?])[] = [
    ["proposed by an agent", "NOT_A_PERSON", change(1n, role(EVE, Role.RISK)), "operator"],
    ["signed by one", "TOO_FEW_PERSONS", change(1n, role(EVE, Role.RISK), [ADA])],
    ["signed by one twice", "TOO_FEW_PERSONS", change(1n, role(EVE, Role.RISK), [ADA, ADA])],
    ["signed by who is no administrator", "ROLE_MISSING", change(1n, role(EVE, Role.RISK), [ADA, EVE])],
    ["signed by an agent", "NOT_A_PERSON", change(1n, role(EVE, Role.RISK), [ADA, "operator"])],
    ["another than was signed", "WRONG_STATEMENT", change(1n, role(EVE, Role.ADMIN), undefined, role(EVE))],
    ["of a role that there is not", "BAD_CHANGE", change(1n, role(EVE, 9 as Role))],
    ["of one role twice", "BAD_CHANGE", change(1n, role(EVE, Role.RISK, Role.RISK))],
    ["of nobody", "BAD_CHANGE", change(1n, role("", Role.RISK))],
    ["of nothing", "BAD_CHANGE", change(1n, undefined)],
    ["after which nobody could change anything", "TOO_FEW_ADMINS", change(1n, role(BOB, Role.RISK))],
  ];
  for (const [what, code, content, sender] of refusals)
    it(`${what}: ${code}`, () => expect(codeOf(founded, content, sender)).toBe(code));

  it("cannot be brought into a log whose genesis knows none: everybody there may do everything", () => {
    const old = found([]);
    expect(mayDo(keyOf(old, EVE), "change")).toBe(true);
    expect(codeOf(old, change(1n, role(EVE, Role.VIEWER)))).toBe("NO_ROLES");
  });

  it("a genesis after which nobody could change anything is none", () => {
    const roles = [{ person: ADA, roles: [Role.ADMIN] }];
    expect(foldGenesis(roles)).toMatchObject({ code: "BAD_GENESIS" });
  });
});

describe("what takes a role", () => {
  it("a resume: only who may signs", () => {
    expect(codeOf(founded, resumeContent(["birth"], 0n, { persons: [ADA, BOB] }))).toBe("ROLE_MISSING");
    const both = next(founded, change(1n, role(BOB, Role.ADMIN, Role.RISK)));
    expect(codeOf(both, resumeContent(["birth"], 0n, { persons: [ADA, BOB] }))).toBe("ok");
  });

  it("a grant of a key, and taking one away", () => {
    const grant = grantOf("signal", KeyPurpose.VOTE, { label: "new" });
    const granted = (persons: readonly string[]): Content => {
      const signatures = persons.map((person) => signKeyChange(grant, person, approvalKey(person)));
      return { case: "key", value: create(KeyChangeSchema, { grant, signatures }) };
    };
    expect(codeOf(founded, granted([ADA, EVE]))).toBe("ROLE_MISSING");
    expect(codeOf(founded, granted([ADA, BOB]))).toBe("ok");
    const revoked = { ...grantOf(EVE, KeyPurpose.APPROVAL, { person: true }), state: KeyState.REVOKED };
    const revoke: Content = {
      case: "key",
      value: create(KeyChangeSchema, { grant: { ...revoked, reason: "superseded" } }),
    };
    expect(codeOf(founded, revoke, BOB)).toBe("ok");
    // Ada without a role, when there is another administrator.
    const carol = next(next(founded, change(1n, role("person:carol", Role.ADMIN))), change(2n, role(ADA)));
    expect(codeOf(carol, revoke, ADA)).toBe("ROLE_MISSING");
  });
});

describe("limits", () => {
  const digest = new Uint8Array(32).fill(9);
  const limits: What = { case: "limits", value: { digest } };

  it("are those that the genesis names, until an entry names others", () => {
    expect(founded.fence.limits).toBe(Buffer.from(genesis.limitsDigest!).toString("hex"));
    expect(next(founded, change(1n, limits)).fence.limits).toBe(Buffer.from(digest).toString("hex"));
    expect(next(found([]), change(1n, limits)).fence.limits).toBe(Buffer.from(digest).toString("hex"));
  });

  it("that are no digest are refused", () => {
    expect(codeOf(founded, change(1n, { case: "limits", value: { digest: new Uint8Array(31) } }))).toBe("BAD_CHANGE");
  });
});
