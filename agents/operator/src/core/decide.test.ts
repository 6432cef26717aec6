import { create } from "@bufbuild/protobuf";
import {
  type HaltRequest,
  HaltResponseSchema,
  HeartbeatSchema,
  type ProposeRequest,
  ProposeResponseSchema,
  type Signed,
} from "@countersign/contracts";
import { deriveSigner, type EnvelopeBody } from "@countersign/envelope";
import { signResume } from "@countersign/quorum";
import type { Context, Decision, Effect, Input } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { makeOperator } from "../main.ts";
import { initialState, type OperatorState } from "./decide.ts";

const agents = ["policy", "execution"];
const validators = ["validator-1", "validator-2"];
const born = {
  epoch: 0n,
  halts: [{ id: "birth", level: 1, scope: { kind: "all" } }],
  released: [],
  head: { seq: 1n, digest: "" },
} as const;
const contextOf = (fence: Context<undefined>["fence"]): Context<undefined> => ({
  nowMs: 0,
  view: undefined,
  fence,
  auditTrailing: 0,
  cause: { msgId: "", correlationId: "" },
});
const closed = contextOf(born);

function sign(person: string, fields: Partial<Parameters<typeof signResume>[0]> = {}): Signed {
  const statement = { haltIds: ["birth"], reason: "start", epoch: 0n, person, ...fields };
  return signResume(statement, deriveSigner(new Uint8Array(32), person));
}

function operator(signatures: readonly Signed[] = [sign("person:ada"), sign("person:bob")]) {
  return makeOperator({ agents, validators, consent: { reason: "start", signatures, personsNeeded: 2 } });
}

const body = (sender: string) => ({ sender }) as EnvelopeBody;
const beat = (agent: string, ready = true, sender = agent): Input => ({
  kind: "message",
  topic: "agents.heartbeat.v1",
  type: "agent.heartbeat",
  body: body(sender),
  payload: create(HeartbeatSchema, { agent, ready }),
  attached: [],
  bytes: new Uint8Array(),
  digest: new Uint8Array(32),
});
const answer = (fields: { readonly seq?: bigint; readonly code?: string; readonly place?: string }): Input => ({
  kind: "answer",
  id: "open 0",
  type: "quorum.proposed",
  body: body("validator-1"),
  payload: create(ProposeResponseSchema, fields),
});
const noAnswer: Input = { kind: "no-answer", id: "open 0", code: "UNAVAILABLE" };

function run(agent: ReturnType<typeof operator>, inputs: readonly Input[], context = closed): Decision<OperatorState> {
  let state: OperatorState = initialState;
  let effects: readonly Effect[] = [];
  for (const input of inputs) {
    const decision = agent.decide(state, input, context);
    state = decision.state;
    effects = [...effects, ...decision.effects];
  }
  return { state, effects };
}

const callsOf = ({ effects }: Decision<OperatorState>) =>
  effects.flatMap((effect) => (effect.kind === "call" ? [effect] : []));
const saidOf = ({ effects }: Decision<OperatorState>) =>
  effects.flatMap((effect) => (effect.kind === "publish" ? [effect.payload] : []));
const ready = agents.map((name) => beat(name));

describe("the operator", () => {
  it("proposes the opening when the last agent is ready, with the persons' signatures", () => {
    expect(run(operator(), [beat("policy"), beat("policy")]).effects).toEqual([]);
    const [call, ...more] = callsOf(run(operator(), [...ready, ...ready]));
    expect(more).toEqual([]);
    expect(call).toMatchObject({ to: "validator-1", call: "QuorumService.Propose", type: "quorum.propose" });
    const request = call?.payload as ProposeRequest;
    expect(request.content).toMatchObject({ case: "resume", value: { haltIds: ["birth"], reason: "start" } });
    expect(request.content.case === "resume" && request.content.value.signatures).toHaveLength(2);
    expect(call?.idempotencyKey).toBe(request.opId);
  });

  it("says that it has proposed, and what came of it", () => {
    const opened = run(operator(), [...ready, answer({ seq: 2n })]);
    expect(saidOf(opened)).toMatchObject([
      { decision: "propose-opening" },
      { decision: "opened", explanation: "control entry 2" },
    ]);
    expect(opened.state.opening).toBe("opened");
    const refused = run(operator(), [...ready, answer({ code: "WRONG_STATEMENT", place: "validator" }), ...ready]);
    expect(saidOf(refused).at(-1)).toMatchObject({ code: "WRONG_STATEMENT", place: "validator" });
    expect(callsOf(refused)).toHaveLength(1);
  });

  const unfit: readonly (readonly [string, readonly Signed[]])[] = [
    ["nobody", []],
    ["one person", [sign("person:ada")]],
    ["one person twice", [sign("person:ada"), sign("person:ada")]],
    ["persons of another epoch", [sign("person:ada"), sign("person:bob", { epoch: 1n })]],
    ["persons with another reason", [sign("person:ada"), sign("person:bob", { reason: "lunch" })]],
    ["persons who named other halts", [sign("person:ada"), sign("person:bob", { haltIds: ["birth", "h1"] })]],
  ];
  for (const [who, signatures] of unfit)
    it(`refuses to propose when ${who} signed, once, and says so`, () => {
      const decision = run(operator(signatures), [...ready, ...ready, { kind: "tick" }]);
      expect(callsOf(decision)).toEqual([]);
      expect(saidOf(decision)).toMatchObject([{ code: "TOO_FEW_PERSONS", place: "operator" }]);
    });

  it("takes nobody's word for another, and waits again for who is not ready any more", () => {
    expect(callsOf(run(operator(), [beat("policy"), beat("execution", true, "policy")]))).toEqual([]);
    expect(callsOf(run(operator(), [beat("policy"), beat("policy", false), beat("execution")]))).toEqual([]);
    expect(callsOf(run(operator(), [beat("stranger"), beat("policy")]))).toEqual([]);
  });

  it("asks another validator when there was no answer or no quorum", () => {
    for (const failure of [noAnswer, answer({ code: "NO_QUORUM" })]) {
      const calls = callsOf(run(operator(), [...ready, failure, { kind: "tick" }]));
      expect(calls.map(({ to, id }) => [to, id])).toEqual([
        ["validator-1", "open 0"],
        ["validator-2", "open 1"],
      ]);
      expect(new Set(calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    }
  });

  it("proposes nothing once trading was opened, whatever else is halted", () => {
    const halted = { ...born, epoch: 2n, halts: [{ id: "h1", level: 1, scope: { kind: "all" } }] } as const;
    expect(run(operator(), [...ready, { kind: "tick" }], contextOf(halted)).effects).toEqual([]);
  });
});

describe("the operator that watches", () => {
  const watch = {
    silentAfterMs: 5_000,
    closesWithout: ["execution"],
    closesAfterMs: 30_000,
    stops: ["policy", "execution"],
    replicasMax: { policy: 12 },
  };
  const watching = makeOperator({
    agents,
    validators,
    consent: { reason: "start", signatures: [], personsNeeded: 2 },
    watch,
  });
  const open = (nowMs: number, epoch = 1n) => ({ ...contextOf({ ...born, epoch, halts: [] }), nowMs });
  const halted = (nowMs: number) => ({
    ...contextOf({ ...born, epoch: 2n, halts: [{ id: "h", level: 1, scope: { kind: "all" } }] }),
    nowMs,
  });
  const latched = (id: string, fields: { readonly latched?: boolean; readonly code?: string }): Input => ({
    kind: "answer",
    id,
    type: "halt.response",
    body: body("validator-1"),
    payload: create(HaltResponseSchema, { haltId: "h", by: "validator-1", ...fields }),
  });
  /** Each input at its second. */
  function during(inputs: readonly (readonly [number, Input, ReturnType<typeof open>?])[]) {
    let state: OperatorState = initialState;
    let effects: readonly Effect[] = [];
    for (const [second, input, context = open(second * 1_000)] of inputs) {
      const decision = watching.decide(state, input, context);
      state = decision.state;
      effects = [...effects, ...decision.effects];
    }
    return { state, effects };
  }
  const tick: Input = { kind: "tick" };
  const decisions = (run: Decision<OperatorState>) =>
    saidOf(run).flatMap((payload) =>
      "decision" in payload ? [payload.decision] : ["code" in payload ? payload.code : ""],
    );
  const gone: readonly (readonly [number, Input])[] = [
    [0, beat("execution")],
    [6, tick],
    [29, tick],
    [31, tick],
  ];

  it("puts on record who fell silent and who is back, and tells the outage to whoever counts", () => {
    const run = during([
      [0, beat("policy")],
      [6, tick],
      [9, beat("policy")],
    ]);
    expect(decisions(run)).toEqual(["agent-silent", "agent-back"]);
    expect(run.effects).toContainEqual({ kind: "act", name: "outage", data: { agent: "policy", seconds: 9 } });
    expect(run.effects).toContainEqual(expect.objectContaining({ kind: "alert", code: "AGENT_SILENT" }));
  });

  it("halts without an agent that trading needs, at Policy, Execution and a validator, once", () => {
    const run = during(gone);
    const calls = callsOf(run);
    expect(calls.map(({ to, call }) => [to, call])).toEqual([
      ["policy", "HaltService.Halt"],
      ["execution", "HaltService.Halt"],
      ["validator-1", "HaltService.Halt"],
    ]);
    expect((calls[0]!.payload as HaltRequest).halt).toMatchObject({
      level: 1,
      scope: "all",
      by: "operator",
      reason: "without execution",
    });
    expect(callsOf(during([...gone, [32, tick], [33, tick]]))).toHaveLength(3);
  });

  it("halts nobody for an agent that trading does not need", () => {
    expect(
      callsOf(
        during([
          [0, beat("policy")],
          [6, tick],
          [100, tick],
        ]),
      ),
    ).toEqual([]);
  });

  it("asks the next validator with the same halt when one did not answer, and goes on until one has latched", () => {
    const unheard: Input = { kind: "no-answer", id: "close 0 validator-1", code: "UNAVAILABLE" };
    const asked = during([...gone, [32, unheard], [33, tick]]);
    const [first, last] = [callsOf(asked)[0], callsOf(asked).at(-1)];
    expect(last).toMatchObject({ to: "validator-2", idempotencyKey: first?.idempotencyKey });
    const closed = during([
      ...gone,
      [32, unheard],
      [33, tick],
      [34, latched("close 1 validator-2", { latched: true })],
      [35, tick],
    ]);
    expect(decisions(closed).at(-1)).toBe("closed");
    expect(callsOf(closed)).toHaveLength(6);
  });

  it("does not take Policy's latch for the validators', nor its silence for theirs", () => {
    const policys = during([...gone, [32, latched("close 0 policy", { latched: true })]]);
    expect(policys.state.closing?.state).toBe("asked");
    const silent = during([
      ...gone,
      [32, { kind: "no-answer", id: "close 0 execution", code: "UNAVAILABLE" }],
      [33, tick],
    ]);
    expect(callsOf(silent)).toHaveLength(3);
  });

  it("says that it may not, and does not ask again, where a validator refuses", () => {
    const run = during([
      ...gone,
      [32, latched("close 0 validator-1", { latched: false, code: "MAY_NOT_HALT" })],
      [33, tick],
    ]);
    expect(decisions(run).at(-1)).toBe("MAY_NOT_HALT");
    expect(callsOf(run)).toHaveLength(3);
  });

  it("closes again after persons have opened, by another halt, and never opens by itself", () => {
    const run = during([
      ...gone,
      [32, latched("close 0 validator-1", { latched: true })],
      [33, tick, halted(33_000)],
      [40, tick, open(40_000, 3n)],
    ]);
    const ids = callsOf(run).map(({ payload }) => (payload as HaltRequest).halt?.haltId);
    expect(new Set(ids).size).toBe(2);
    expect(callsOf(run).every(({ call }) => call === "HaltService.Halt")).toBe(true);
  });

  it("advises more processes only to who may have them", () => {
    const lateBeat = (agent: string): Input => {
      const payload = create(HeartbeatSchema, { agent, ready: true, lagMs: 2_000n });
      return { ...beat(agent), payload } as Input;
    };
    for (const [agent, text] of [
      ["policy", "up to 12"],
      ["execution", "it is one process"],
    ] as const) {
      const run = during(Array.from({ length: 32 }, (_, n) => [n, lateBeat(agent)] as const));
      expect(saidOf(run)).toMatchObject([{ decision: "scaling-advice", explanation: expect.stringContaining(text) }]);
    }
  });
});
