/**
 * One process of a firm: Policy and Execution in their hosts, three validators, two persons and a market, put together as
 * platform/src/embedded.ts does it. But in the proposers' place sits the test, and says what they would say, with their keys.
 */
import { create, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { type Execution, type ExecutionState, makeExecution } from "@countersign/agent-execution";
import { makePolicy, type PolicyState, signPermits } from "@countersign/agent-policy";
import { LocalBus } from "@countersign/bus";
import {
  ApprovalDecisionSchema,
  type ApprovalRequest,
  Decision,
  type EntryPosted,
  HaltRequestSchema,
  type HaltResponse,
  KeyPurpose,
  Log,
  Mode,
  OrderCommandSchema,
  type OrderRejected,
  type PermitIssued,
  type ProposeResponse,
  ResumeSchema,
  SignedSchema,
  type SubmitOrder,
  SubmitOrderSchema,
  topics,
  ValidateRequestSchema,
} from "@countersign/contracts";
import { openEnvelope, sealCall } from "@countersign/envelope";
import { type Approval, signApproval } from "@countersign/permit";
import { FenceReader, genesisDigest, signResume } from "@countersign/quorum";
import { type Agent, type Edge, Host, LocalRpc, type PublishEffect, payloadOf, Teller } from "@countersign/runtime";
import { Scheduler } from "@countersign/time";
import { VALIDATORS } from "../../../platform/src/genesis.ts";
import { followControl, followQuotes } from "../../../platform/src/listeners.ts";
import { Person } from "../../../platform/src/person.ts";
import { ADA, BOB, Firm, type FirmOptions, START_MS } from "./p01-firm.ts";
import { Market } from "./p01-market.ts";
import { validatorOf } from "./p01-parts.ts";

/** A record or an answer, opened. */
export interface Heard {
  readonly type: string;
  readonly sender: string;
  readonly payload: Message;
}

const VALIDATOR = VALIDATORS[0];
const MEMBERS = { version: 1n, validators: [...VALIDATORS] };
const AT_ONCE = { maxInFlightBytes: 8_000_000, maxProcessingMs: 30_000 };

export class Floor {
  readonly firm: Firm;
  readonly scheduler: Scheduler;
  readonly bus: LocalBus;
  readonly rpc = new LocalRpc();
  readonly fence: FenceReader;
  readonly execution: Execution;
  /** Every record that was published in this life, in order. */
  readonly heard: Heard[] = [];
  readonly #tellers = new Map<string, Teller>();
  readonly #market: Market;
  #calls = 0;

  private constructor(firm: Firm, startMs: number) {
    this.firm = firm;
    this.scheduler = new Scheduler(startMs);
    this.bus = new LocalBus(this.scheduler);
    this.fence = new FenceReader({ genesisDigest: genesisDigest(firm.genesis) });
    const { keys, instruments, ceiling } = firm;
    this.execution = makeExecution({
      account: "main",
      mode: "replay",
      keys: this.fence.keys,
      instruments,
      ceiling,
      members: { version: 1n, validators: [...VALIDATORS] },
      venue: { name: "paper", latencyMs: 0, session: `life ${firm.lives}` },
      fence: () => this.fence.state(),
      fenceFresh: () => true,
      mayWrite: () => true,
      nowMs: () => this.scheduler.nowMs(),
    });
    this.#market = new Market(keys.signer("market", KeyPurpose.ENVELOPE), instruments);
  }

  /** A new firm that is open for trading and has seen a price; or the next process of one that there is. */
  static async open(of: FirmOptions | Firm = {}, startMs = START_MS, isAsleep = false): Promise<Floor> {
    const firm = of instanceof Firm ? of : new Firm(of);
    const floor = new Floor(firm, startMs);
    await floor.#start(isAsleep);
    if (firm.lives === 0) await floor.#begin();
    firm.lives += 1;
    await floor.quote("AAPL", 190_10, 190_20);
    await floor.quote("SPX", 2_100_00, 2_100_50);
    return floor;
  }

  /** kill -9 of everything, and the next process over what is left. Asleep: without Policy and Execution, who come up later. */
  restart({ isAsleep = false } = {}): Promise<Floor> {
    return Floor.open(this.firm, this.scheduler.nowMs() + 1_000, isAsleep);
  }

  // ── what the world does ──

  /** Bid and ask in cents. */
  async quote(symbol: string, bid: number, ask: number): Promise<void> {
    const timeMs = this.scheduler.nowMs() + 10;
    const record = await this.#market.quote({ symbol, timeMs, bid, ask });
    await this.step(() => void this.bus.publishNow(record), timeMs);
  }

  /** One step of the scheduler, with all that follows from it. */
  async step<T>(input: () => T | Promise<T>, atMs = this.scheduler.nowMs()): Promise<Awaited<T>> {
    const results: Awaited<T>[] = [];
    await this.scheduler.step(atMs, async () => void results.push(await input()));
    return results[0] as Awaited<T>;
  }

  // ── what a proposer does ──

  /** Asks Policy; its verdict. */
  propose(intent: Uint8Array, sender = "portfolio"): Promise<Heard> {
    const request = toBinary(ValidateRequestSchema, create(ValidateRequestSchema, { intent }));
    return this.step(() => this.call("PolicyService.Validate", "policy", "policy.validate", request, sender));
  }

  /** Policy's permit for this intent, as its order will be submitted. */
  async permit(intent: Uint8Array): Promise<SubmitOrder> {
    const verdict = await this.propose(intent);
    if (verdict.type !== "permit.issued")
      throw new Error(`no permit: ${(verdict.payload as Partial<OrderRejected>).explanation}`);
    return submitOf(verdict.payload as PermitIssued);
  }

  submit(submit: SubmitOrder, sender = "portfolio"): Promise<void> {
    return this.#command({ case: "submit", value: submit }, sender);
  }

  cancel(intentKey: string): Promise<void> {
    const value = { $typeName: "countersign.v1.CancelOrder", account: "main", intentKey, reason: "enough" } as const;
    return this.#command({ case: "cancel", value }, "portfolio");
  }

  // ── what a person does ──

  /** The same halt, asked of each of these. */
  halt(haltId: string, servers: readonly string[], scope = "all", by = ADA): Promise<HaltResponse[]> {
    return this.step(() => this.haltNow(haltId, servers, scope, by));
  }

  /** As `halt`, inside a step. */
  async haltNow(haltId: string, servers: readonly string[], scope = "all", by = ADA): Promise<HaltResponse[]> {
    const halt = { haltId, level: 1, scope, reason: "enough", by };
    const request = toBinary(HaltRequestSchema, create(HaltRequestSchema, { halt }));
    const answers: HaltResponse[] = [];
    for (const server of servers) {
      const { payload } = await this.call("HaltService.Halt", server, "halt.request", request, by);
      answers.push(payload as HaltResponse);
    }
    return answers;
  }

  /** Signed by these persons, for the epoch that is. */
  resume(haltIds: readonly string[], persons: readonly string[]): Promise<ProposeResponse> {
    const proposer = this.person(persons[0] ?? ADA);
    return this.step(() => proposer.propose(Log.CONTROL, this.resumeOf(haltIds, persons), VALIDATOR));
  }

  resumeOf(haltIds: readonly string[], persons: readonly string[]) {
    const { epoch } = this.fence.state();
    const reason = "checked";
    const signatures = persons.map((person) =>
      signResume({ haltIds, reason, epoch, person }, this.firm.keys.signer(person, KeyPurpose.APPROVAL)),
    );
    return { case: "resume", value: create(ResumeSchema, { haltIds: [...haltIds], reason, signatures }) } as const;
  }

  /** A person's yes to what was asked, unless these fields say otherwise. */
  approve(request: ApprovalRequest, approver: string, fields: Partial<Approval> = {}): Promise<void> {
    const approval: Approval = {
      approvalId: request.approvalId ?? "",
      intentDigest: request.intentDigest ?? new Uint8Array(),
      haltEpoch: request.haltEpoch ?? -1n,
      expiresAtMs: Number(request.expiresAtMs),
      decision: Decision.APPROVE,
      approver,
      ...fields,
    };
    const signed = signApproval(approval, this.firm.keys.signer(approver, KeyPurpose.APPROVAL));
    const payload = create(ApprovalDecisionSchema, { approval: signed, account: "main", reason: "it is well" });
    return this.say(approver, { topic: "approvals.decision.v1", type: "approval.decision", payload });
  }

  person(name: string): Person {
    const { keys } = this.firm;
    return new Person({
      name,
      envelopeSigner: keys.signer(name, KeyPurpose.ENVELOPE),
      wordSigner: keys.signer(name, KeyPurpose.APPROVAL),
      keys: this.fence.keys,
      rpc: this.rpc,
      nowMs: () => this.scheduler.nowMs(),
    });
  }

  // ── what a validator does who has lost his key ──

  announce(validator: string, entry: EntryPosted): Promise<void> {
    return this.say(validator, { topic: "control.halt.v1", key: "control", type: "control.entry", payload: entry });
  }

  // ── what can be seen ──

  /** The last record of this type. */
  last(type: string): Heard | undefined {
    return this.heard.findLast((one) => one.type === type);
  }

  count(type: string): number {
    return this.heard.filter((one) => one.type === type).length;
  }

  async policyState(): Promise<PolicyState> {
    return (await this.firm.store("policy").load("main")).state as PolicyState;
  }

  async executionState(): Promise<ExecutionState> {
    return (await this.firm.store("execution").load("main")).state as ExecutionState;
  }

  /** Reads the control log from its beginning, as a process does that has just started. */
  async readControl(): Promise<void> {
    for (const { entry, votes } of await this.firm.log.read("control", 0n, 100))
      this.fence.apply(
        entry,
        votes.map((vote) => fromBinary(SignedSchema, vote)),
      );
  }

  /** @throws RpcError when it was refused */
  async call(call: string, server: string, type: string, payload: Uint8Array, sender: string): Promise<Heard> {
    const nth = `${this.firm.lives} ${this.#calls++}`;
    const signer = this.firm.keys.signer(sender, KeyPurpose.ENVELOPE);
    // Every call under an idempotency key of its own: asked again, it is asked anew.
    const about = `${type} ${nth}`;
    const facts = { sender, call, type, intent: "ASK", payload, nowMs: this.scheduler.nowMs(), about };
    const { bytes } = sealCall({ ...facts, idempotencyKey: about }, signer);
    return this.#open(await this.rpc.call(call, server, bytes));
  }

  // ── how it starts ──

  async #start(isAsleep: boolean): Promise<void> {
    const { bus, fence, rpc, scheduler, firm } = this;
    const { keys, instruments, limits } = firm;
    const nowMs = () => scheduler.nowMs();
    await bus.ensureTopics(topics.map(({ topic }) => ({ topic, partitions: 4 })));
    await followControl(bus, fence, "floor");
    await this.readControl();
    const permitSigner = keys.signer("policy", KeyPurpose.PERMIT);
    const common = {
      account: "main",
      mode: "replay",
      limits,
      instruments,
      keys: fence.keys,
      members: MEMBERS,
    } as const;
    const policy = makePolicy({ ...common, permitKeyid: permitSigner.keyid });
    if (!isAsleep) {
      await this.#host(this.execution.agent, this.execution.edge);
      await this.#host(policy, signPermits(permitSigner));
    }
    for (const sender of [...VALIDATORS, "portfolio", "hedger", ADA, BOB]) await this.#teller(sender).load();
    for (const name of VALIDATORS) {
      const say = (effect: PublishEffect) => this.#teller(name).say(effect);
      const validator = validatorOf(firm, name, { rpc, nowMs, publish: say });
      await followQuotes(bus, fence.keys, validator, Mode.REPLAY, nowMs);
      await this.step(() => validator.start());
    }
    await this.#listen();
  }

  async #begin(): Promise<void> {
    await this.step(() => this.person(ADA).proposeGenesis(this.firm.genesis, VALIDATOR));
    await this.resume(["birth"], this.firm.openers);
    await this.step(() => this.person(ADA).deposit("main", this.firm.deposit, "opening", VALIDATOR));
  }

  async #host<S, V>(agent: Agent<S, V>, edge: Edge): Promise<void> {
    const { bus, rpc, fence, scheduler: loop, firm } = this;
    const name = agent.canvas.agent;
    await bus.ensureTopics(
      agent.canvas.observes.map(({ topic }) => ({ topic: `${topic}.${name}.dlq`, partitions: 1 })),
    );
    const signer = firm.keys.signer(name, KeyPurpose.ENVELOPE);
    const ports = { store: firm.store(name), bus, rpc, fence, loop };
    const host = new Host({ agent, edge, signer, keys: fence.keys, mode: Mode.REPLAY, ...ports });
    await host.start();
  }

  async #listen(): Promise<void> {
    const names = topics.flatMap(({ topic, delivery }) => (delivery === "record" ? [topic] : []));
    const options = { topics: names, as: { kind: "every", name: "test" }, from: "earliest", ...AT_ONCE } as const;
    await this.bus.subscribe(options, ({ records }) => {
      for (const { value } of records) this.heard.push(this.#open(value));
      return { through: records.at(-1)!.offset };
    });
  }

  #teller(sender: string): Teller {
    const { bus, firm, scheduler, fence } = this;
    const known = this.#tellers.get(sender);
    const signer = firm.keys.signer(sender, KeyPurpose.ENVELOPE);
    const store = firm.store(sender);
    const teller =
      known ?? new Teller({ sender, signer, keys: fence.keys, store, bus, nowMs: () => scheduler.nowMs() });
    this.#tellers.set(sender, teller);
    return teller;
  }

  #command(command: NonNullable<Parameters<typeof commandOf>[0]>, sender: string): Promise<void> {
    return this.say(sender, { topic: "orders.intent.v1", type: "order.intent", payload: commandOf(command) });
  }

  /** Under this sender's own key, in its own chain. */
  say(
    sender: string,
    said: Pick<PublishEffect, "topic" | "type" | "payload"> & { readonly key?: string },
  ): Promise<void> {
    const idempotencyKey = `${sender} ${this.firm.lives} ${this.#calls++}`;
    const effect = { kind: "publish", key: "main", intent: "SAY", idempotencyKey, ...said } as const;
    return this.step(() => this.#teller(sender).say(effect));
  }

  #open(bytes: Uint8Array): Heard {
    const opened = openEnvelope(bytes, this.fence.keys);
    const payload = opened.ok ? payloadOf(opened) : undefined;
    if (!opened.ok || payload === undefined) throw new Error("what was said cannot be opened");
    return { type: opened.body.type, sender: opened.body.sender, payload };
  }
}

export function submitOf({ intent, permit, approvals }: PermitIssued): SubmitOrder {
  return create(SubmitOrderSchema, { approvals, ...(intent && { intent }), ...(permit && { permit }) });
}

function commandOf(command: ReturnType<typeof create<typeof OrderCommandSchema>>["command"]) {
  return create(OrderCommandSchema, { command });
}
