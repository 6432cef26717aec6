import { create } from "@bufbuild/protobuf";
import { GenesisSchema, haltCovering, KeyChangeSchema, KeyPurpose, KeyState, Log, Mode } from "@countersign/contracts";
import { describe, expect, it } from "vitest";
import {
  approvalKey,
  type Content,
  controlEntry,
  expectedGenesis,
  genesis,
  genesisEntry,
  grantOf,
  haltContent,
  resumeContent,
  sealHaltRequest,
  sealPropose,
  signer,
} from "../test/platform.ts";
import { applyControl, bornHalted, type ControlState } from "./control.ts";
import { buildEntry, emptyHead, type Head } from "./entry.ts";
import { genesisDigest } from "./genesis.ts";
import { signKeyChange } from "./key-change.ts";
import { peekPropose } from "./propose.ts";

const subject = { account: "main", strategy: "trend", symbol: "AAPL", venue: "paper" };
const born = bornHalted(expectedGenesis);
const founded = apply(born, genesisEntry);

function apply(state: ControlState, entry: ReturnType<typeof buildEntry>): ControlState {
  const result = applyControl(state, entry);
  if (!result.ok) throw new Error(result.code);
  return result.state;
}

const headOf = ({ fence: { head } }: ControlState): Head => ({
  seq: head.seq,
  digest: Buffer.from(head.digest, "hex"),
});
const next = (state: ControlState, content: Content, sender?: string) =>
  apply(state, controlEntry(headOf(state), content, sender));
const codeOf = (state: ControlState, content: Content, sender?: string) => {
  const result = applyControl(state, controlEntry(headOf(state), content, sender));
  return result.ok ? "ok" : result.code;
};

describe("the fold of the control log", () => {
  it("is born halted, in epoch 0, and a genesis does not open it", () => {
    expect(haltCovering(born.fence, subject)?.id).toBe("birth");
    expect(haltCovering(founded.fence, subject)?.id).toBe("birth");
    expect(founded.fence).toMatchObject({ epoch: 0n, head: { seq: 1n } });
    expect(founded.genesis).toMatchObject({ resumePersons: 2, members: { version: 1n } });
  });

  it("a resume that names birth opens it, in epoch 1", () => {
    const open = next(founded, resumeContent(["birth"], 0n));
    expect(open.fence).toMatchObject({ epoch: 1n, halts: [] });
    expect(haltCovering(open.fence, subject)).toBeUndefined();
  });

  it("a halt makes a new epoch, and a resume releases only the halts it names", () => {
    const open = next(founded, resumeContent(["birth"], 0n));
    const two = next(
      next(open, haltContent({ haltId: "a", scope: "symbol:AAPL" })),
      haltContent({ haltId: "b", level: 3 }),
    );
    expect(two.fence.epoch).toBe(3n);
    const one = next(two, resumeContent(["b"], 3n));
    expect(one.fence.halts.map(({ id }) => id)).toEqual(["a"]);
    expect(haltCovering(one.fence, subject)?.id).toBe("a");
    expect(haltCovering(one.fence, { ...subject, symbol: "MSFT" })).toBeUndefined();
  });

  it("tells what certified resumes have named, in the order of the log, each once", () => {
    expect([born.fence.released, founded.fence.released]).toEqual([[], []]);
    const halted = next(next(founded, haltContent({ haltId: "b" })), haltContent({ haltId: "a" }));
    expect(halted.fence.released).toEqual([]);
    const first = next(halted, resumeContent(["b", "birth", "b"], 2n));
    expect(first.fence.released).toEqual(["b", "birth"]);
    expect(next(first, resumeContent(["a"], 3n)).fence.released).toEqual(["b", "birth", "a"]);
  });

  it("a halt that a resume has named never latches again, and changes no epoch", () => {
    const halted = next(founded, haltContent({ haltId: "a" }));
    const open = next(halted, resumeContent(["birth", "a"], 1n));
    for (const content of [haltContent({ haltId: "a" }), haltContent({ haltId: "birth" })]) {
      const late = next(open, content);
      expect(late.fence).toMatchObject({ epoch: 2n, halts: [] });
    }
  });

  it("a repeated halt is the same latch, an altered one is refused", () => {
    const halted = next(founded, haltContent({ haltId: "a" }));
    expect(next(halted, haltContent({ haltId: "a" })).fence).toMatchObject({ epoch: 1n });
    expect(codeOf(halted, haltContent({ haltId: "a", level: 2 }))).toBe("HALT_ALTERED");
    expect(codeOf(halted, haltContent({ haltId: "a", scope: "symbol:AAPL" }))).toBe("HALT_ALTERED");
  });

  it("does not change the state it was given", () => {
    const before = structuredClone({ fence: founded.fence, grants: founded.grants.length });
    next(next(founded, haltContent({ haltId: "a" })), resumeContent(["a"], 1n));
    expect({ fence: founded.fence, grants: founded.grants.length }).toEqual(before);
  });
});

describe("a halt is refused for its form or its author, never its merit", () => {
  const refusals: readonly (readonly [string, string, Content, string?])[] = [
    ["no level", "BAD_HALT", haltContent({ haltId: "a", level: 4 })],
    ["no scope", "BAD_HALT", haltContent({ haltId: "a", scope: "planet:mars" })],
    ["no reason", "BAD_HALT", haltContent({ haltId: "a", reason: "" })],
    ["in another's name", "MAY_NOT_HALT", haltContent({ haltId: "a", by: "person:ada" })],
    ["by one who may not", "MAY_NOT_HALT", haltContent({ haltId: "a", by: "signal" }), "signal"],
    ["by a stranger to the call", "NOT_ALLOWED", haltContent({ haltId: "a", by: "policy" }), "policy"],
  ];
  for (const [what, code, content, sender] of refusals)
    it(`${what}: ${code}`, () => expect(codeOf(founded, content, sender)).toBe(code));

  const carried = (fields: Parameters<typeof sealHaltRequest>[0], by: string, content = haltContent(fields)) => {
    const propose = sealPropose(content, "validator-1", { attached: [sealHaltRequest(fields, by)] });
    const result = applyControl(founded, buildEntry("control", headOf(founded), [propose]));
    return result.ok ? result.state.fence.halts.map(({ id }) => id) : result.code;
  };
  it("a validator proposes for the author whose request it carries", () => {
    expect(carried({ haltId: "a", by: "policy" }, "policy")).toEqual(["birth", "a"]);
    expect(carried({ haltId: "a", by: "policy" }, "operator")).toBe("MAY_NOT_HALT");
    expect(carried({ haltId: "a", by: "signal" }, "signal")).toBe("MAY_NOT_HALT");
    expect(carried({ haltId: "a", by: "policy" }, "policy", haltContent({ haltId: "a", by: "policy", level: 3 }))).toBe(
      "BAD_HALT",
    );
  });
});

describe("a resume is refused", () => {
  const agentSigns = resumeContent(["birth"], 0n, { persons: ["person:ada", "operator"] });
  const refusals: readonly (readonly [string, string, Content])[] = [
    ["without halts", "RESUMES_NOTHING", resumeContent([], 0n)],
    ["without a reason", "RESUMES_NOTHING", resumeContent(["birth"], 0n, { reason: "" })],
    ["of a halt that is not in force", "UNKNOWN_HALT", resumeContent(["birth", "x"], 0n)],
    [
      "with one person where two are needed",
      "TOO_FEW_PERSONS",
      resumeContent(["birth"], 0n, { persons: ["person:ada"] }),
    ],
    [
      "with one person twice",
      "TOO_FEW_PERSONS",
      resumeContent(["birth"], 0n, { persons: ["person:ada", "person:ada"] }),
    ],
    ["with nobody", "TOO_FEW_PERSONS", resumeContent(["birth"], 0n, { persons: [] })],
    ["with an agent's signature", "NOT_A_PERSON", agentSigns],
    ["signed in another epoch", "WRONG_STATEMENT", resumeContent(["birth"], 1n)],
    ["signed for another reason", "WRONG_STATEMENT", resumeContent(["birth"], 0n, { saidReason: "lunch" })],
    ["signed for other halts", "WRONG_STATEMENT", resumeContent(["birth"], 0n, { said: ["birth", "a"] })],
    ["signed in another's name", "WRONG_STATEMENT", resumeContent(["birth"], 0n, { as: () => "person:bob" })],
    [
      "signed by an unknown person",
      "UNKNOWN_KEY",
      resumeContent(["birth"], 0n, { persons: ["person:ada", "person:eve"] }),
    ],
  ];
  for (const [what, code, content] of refusals)
    it(`${what}: ${code}`, () => expect(codeOf(founded, content)).toBe(code));

  it("when a halt came in between: what was signed is void", () => {
    const signed = resumeContent(["birth"], 0n);
    expect(codeOf(next(founded, haltContent({ haltId: "a" })), signed)).toBe("WRONG_STATEMENT");
  });
});

describe("the first entry", () => {
  it("is the configured genesis and nothing else", () => {
    const refused = (entry: ReturnType<typeof buildEntry>) => {
      const result = applyControl(born, entry);
      return result.ok ? "ok" : result.code;
    };
    expect(refused(controlEntry(emptyHead, haltContent({ haltId: "a" })))).toBe("NOT_GENESIS");
    const other = { case: "genesis", value: create(GenesisSchema, { ...genesis, resumePersons: 1 }) } as const;
    expect(refused(controlEntry(emptyHead, other))).toBe("NOT_GENESIS");
    expect(refused(buildEntry("control", emptyHead, [...genesisEntry.proposes, ...genesisEntry.proposes]))).toBe(
      "NOT_GENESIS",
    );
    expect(codeOf(founded, { case: "genesis", value: genesis })).toBe("GENESIS_AGAIN");
  });

  const variants: readonly (readonly [string, string, Partial<typeof genesis>])[] = [
    ["live with one person", "BAD_GENESIS", { mode: Mode.LIVE, resumePersons: 1 }],
    ["two validators", "BAD_GENESIS", { validators: ["validator-1", "validator-2"] }],
    ["a validator twice", "BAD_GENESIS", { validators: ["validator-1", "validator-2", "validator-2"] }],
    ["no limits digest", "BAD_GENESIS", { limitsDigest: new Uint8Array() }],
    ["a validator without a vote key", "NO_VOTE_KEY", { validators: ["validator-1", "validator-2", "operator"] }],
    ["a key granted twice", "ALREADY_GRANTED", { keys: [...genesis.keys, genesis.keys[0]!] }],
  ];
  for (const [what, code, change] of variants)
    it(`with ${what} is ${code}, though it was configured`, () => {
      const entry = controlEntry(emptyHead, {
        case: "genesis",
        value: create(GenesisSchema, { ...genesis, ...change }),
      });
      const result = applyControl(bornHalted(genesisDigest(peekPropose(entry.proposes[0]!)!.payload)), entry);
      expect(result).toMatchObject({ ok: false, code });
    });
});

describe("keys go forward", () => {
  const change = (grant: ReturnType<typeof grantOf>, persons = ["person:ada", "person:bob"], said = grant): Content => {
    const signatures = persons.map((name) => signKeyChange(said, name, approvalKey(name)));
    return { case: "key", value: create(KeyChangeSchema, { grant, signatures }) };
  };
  const added = grantOf("signal", KeyPurpose.ENVELOPE, {
    label: "new",
    types: [{ type: "quorum.propose", topic: "QuorumService.Propose" }],
  });
  const withState = (state: KeyState, reason?: string) => ({
    ...added,
    state,
    ...(reason === undefined ? {} : { reason }),
  });

  it("persons grant and revoke; an agent does neither", () => {
    const granted = next(founded, change(added), "person:ada");
    expect(granted.keys.find(signer("new").keyid)?.state).toBe(KeyState.ACTIVE);
    expect(founded.keys.find(signer("new").keyid)).toBeUndefined();
    const revoked = next(granted, change(withState(KeyState.REVOKED, "superseded"), []), "person:ada");
    expect(revoked.keys.find(signer("new").keyid)?.state).toBe(KeyState.REVOKED);
    expect(codeOf(revoked, change(withState(KeyState.ACTIVE)), "person:ada")).toBe("STATE_BACKWARDS");
    expect(codeOf(founded, change(added), "operator")).toBe("NOT_A_PERSON");
    expect(codeOf(granted, change(withState(KeyState.REVOKED, "superseded"), []), "operator")).toBe("NOT_A_PERSON");
  });

  it("nobody enrols anybody alone: a grant takes as many persons as a resume, each for this very grant", () => {
    const other = withState(KeyState.PENDING);
    expect(codeOf(founded, change(added, []), "person:ada")).toBe("TOO_FEW_PERSONS");
    expect(codeOf(founded, change(added, ["person:ada"]), "person:ada")).toBe("TOO_FEW_PERSONS");
    expect(codeOf(founded, change(added, ["person:ada", "person:ada"]), "person:ada")).toBe("TOO_FEW_PERSONS");
    expect(codeOf(founded, change(added, ["person:ada", "operator"]), "person:ada")).toBe("NOT_A_PERSON");
    expect(codeOf(founded, change(added, undefined, other), "person:ada")).toBe("WRONG_STATEMENT");
  });
});

describe("one person cannot end the platform by taking keys away", () => {
  const revoke = (sender: string, purpose: KeyPurpose): Content => {
    const grant = genesis.keys.find((key) => key.sender === sender && key.purpose === purpose)!;
    const revoked = { ...grant, state: KeyState.REVOKED, reason: "superseded" };
    return { case: "key", value: create(KeyChangeSchema, { grant: revoked, signatures: [] }) };
  };

  it.each([KeyPurpose.VOTE, KeyPurpose.ENVELOPE])(
    "a majority of the validators keeps keys of purpose %i",
    (purpose) => {
      const two = next(founded, revoke("validator-1", purpose), "person:ada");
      for (const other of [KeyPurpose.VOTE, KeyPurpose.ENVELOPE])
        expect(codeOf(two, revoke("validator-2", other), "person:ada")).toBe("TOO_FEW_VOTERS");
      const rest = purpose === KeyPurpose.VOTE ? KeyPurpose.ENVELOPE : KeyPurpose.VOTE;
      expect(codeOf(two, revoke("validator-1", rest), "person:ada")).toBe("ok");
    },
  );
});

describe("an entry is folded whole or not at all", () => {
  it("and only with content of its log, under the op id of its content", () => {
    const good = sealPropose(haltContent({ haltId: "a" }));
    const bad = sealPropose(haltContent({ haltId: "b", by: "person:ada" }));
    expect(applyControl(founded, buildEntry("control", headOf(founded), [good, bad]))).toEqual({
      ok: false,
      code: "MAY_NOT_HALT",
    });
    const both = [good, sealPropose(haltContent({ haltId: "c" }))];
    expect(apply(founded, buildEntry("control", headOf(founded), both)).fence.epoch).toBe(2n);
    const misnamed = sealPropose(haltContent({ haltId: "a" }), "operator", { opId: "x" });
    const misplaced = sealPropose(haltContent({ haltId: "a" }), "operator", { log: Log.LEDGER });
    expect(applyControl(founded, buildEntry("control", headOf(founded), [misnamed]))).toMatchObject({
      code: "WRONG_OP_ID",
    });
    expect(applyControl(founded, buildEntry("control", headOf(founded), [misplaced]))).toMatchObject({
      code: "WRONG_LOG",
    });
  });
});
