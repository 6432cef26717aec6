import { create } from "@bufbuild/protobuf";
import { HeartbeatSchema, type ProposeRequest, ProposeResponseSchema, type Signed } from "@countersign/contracts";
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
