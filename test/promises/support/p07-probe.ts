/**
 * A probe on the real host: an agent that acts on whatever passes the doors, so that its state counts what got through. Beside it the
 * dead letters and the records, as anybody can read them.
 */
import { create, fromBinary, type Message } from "@bufbuild/protobuf";
import type { OutRecord } from "@countersign/bus";
import {
  DecisionMadeSchema,
  HaltResponseSchema,
  HedgeQuoteSchema,
  KeyPurpose,
  KeyState,
  Mode,
  ProposeResponseSchema,
  RefusedSchema,
  TypeGrantSchema,
} from "@countersign/contracts";
import {
  type EnvelopeBody,
  encodeBody,
  type GrantFields,
  headersOf,
  makeGrant,
  openEnvelope,
  type Signer,
  sha256,
} from "@countersign/envelope";
import { type Agent, type Host, MemoryStore, noView, type Store } from "@countersign/runtime";
import { canvasOf, Rig } from "@countersign/runtime/testing";
import { signedAs } from "./p07-forge.ts";

export interface Acted {
  readonly times: number;
}

export const topics = ["signals.market.v1", "orders.intent.v1", "orders.execution.v1", "market.quotes.v1"] as const;
const calls = ["HedgerService.Quote", "QuorumService.Propose", "HaltService.Halt"] as const;

/** What may be said to the probe, and by it. */
const friendly = [
  "market.signal signals.market.v1",
  "market.quote market.quotes.v1",
  "order.intent orders.intent.v1",
  "hedge.quote-request HedgerService.Quote",
  "quorum.propose QuorumService.Propose",
  "halt.request HaltService.Halt",
] as const;
const own = [
  "decision.made audit.records.v1",
  "decision.refused audit.records.v1",
  "hedge.quote HedgerService.Quote",
  "quorum.proposed QuorumService.Propose",
  "halt.response HaltService.Halt",
] as const;

/** What the probe stands on: the bus, and a host that reads it. */
export interface Ground {
  /** Keys, clock and calls. */
  readonly rig: Rig;
  host(agent: Agent<Acted>, store: Store): Promise<Host<Acted, undefined>>;
  tap(...topics: readonly string[]): Promise<Tap>;
  publish(record: OutRecord): void | Promise<void>;
  /** Resolves when all that follows is done, and heard by whoever tapped it. */
  run(input: () => void | Promise<void>): Promise<void>;
}

/** `asleep`: it is shown everything, and nothing comes of it. */
export interface ProbeOptions {
  readonly store?: Store;
  readonly asleep?: boolean;
  /** In this process, where nothing else is said. */
  readonly ground?: Ground;
}

interface Parts {
  readonly ground: Ground;
  readonly store: Store;
  readonly agent: Agent<Acted>;
  readonly host: Host<Acted, undefined>;
  readonly letters: Tap;
  readonly records: Tap;
}

export interface Delivery {
  readonly topic: string;
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What became of one delivery. */
export interface Outcome {
  readonly acted: number;
  readonly letters: readonly { readonly dlq: string; readonly code: string; readonly isSame: boolean }[];
  readonly refusals: readonly Refusal[];
}

export interface Refusal {
  readonly code: string;
  readonly place: string;
  readonly cameBy: string;
  /** Names the very bytes. */
  readonly isOf: boolean;
}

export type Tap = Awaited<ReturnType<Rig["tap"]>>;

export class Probe {
  readonly rig: Rig;
  readonly store: Store;
  readonly #ground: Ground;
  readonly #agent: Agent<Acted>;
  readonly #letters: Tap;
  readonly #records: Tap;
  #host: Host<Acted, undefined>;

  private constructor({ ground, store, agent, host, letters, records }: Parts) {
    this.rig = ground.rig;
    this.#ground = ground;
    this.store = store;
    this.#agent = agent;
    this.#host = host;
    this.#letters = letters;
    this.#records = records;
  }

  static async open({ store = new MemoryStore(), asleep = false, ground }: ProbeOptions = {}): Promise<Probe> {
    const on = ground ?? (await localGround());
    on.rig.grant("probe", ...own);
    on.rig.grant("friend", ...friendly);
    const agent = probeAgent(asleep);
    const host = await on.host(agent, store);
    const letters = await on.tap(...topics.map((topic) => `${topic}.probe.dlq`));
    return new Probe({ ground: on, store, agent, host, letters, records: await on.tap("audit.records.v1") });
  }

  /** The process ends and another one begins over the same store. */
  async restart(): Promise<void> {
    await this.#host.close();
    this.#host = await this.#ground.host(this.#agent, this.store);
  }

  async acted(): Promise<number> {
    return ((await this.store.load("all")).state as Acted | undefined)?.times ?? 0;
  }

  /** Grants another sender a key: the friend's rights where `fields` say nothing else. */
  grant(sender: string, fields: Partial<GrantFields> = {}, reason?: string): Signer {
    const signer = this.rig.signer(sender);
    const grant = makeGrant(grantOf(sender, fields), signer);
    const wrong = this.rig.keys.grant(reason === undefined ? grant : { ...grant, reason });
    if (wrong !== undefined) throw new Error(`${sender}: ${wrong}`);
    return signer;
  }

  async deliver({ topic, key, bytes, headers = {} }: Delivery): Promise<Outcome> {
    const raw = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, [Buffer.from(text)]]));
    const publish = () => this.#ground.publish({ topic, key: Buffer.from(key), value: bytes, headers: raw });
    return this.#watch(bytes, () => this.#ground.run(publish));
  }

  /** The answer, or the code of the RpcError; with what became of the request. */
  async call(name: string, bytes: Uint8Array): Promise<Outcome & { readonly answer: Uint8Array | string }> {
    let answer: Uint8Array | string = "NOT_CALLED";
    const ask = async () => {
      const asked = this.rig.rpc.call(name, "probe", bytes).then((answered) => Uint8Array.from(answered));
      answer = await asked.catch((error: { readonly code?: string }) => error.code ?? String(error));
    };
    const outcome = await this.#watch(bytes, () => this.#ground.run(ask));
    return { ...outcome, answer };
  }

  async #watch(bytes: Uint8Array, run: () => Promise<void>): Promise<Outcome> {
    const before = await this.acted();
    const [letters, records] = [this.#letters.length, this.#records.length];
    await run();
    return {
      acted: (await this.acted()) - before,
      letters: this.#letters.slice(letters).map(({ topic, value, headers }) => ({
        dlq: topic,
        code: headers["x-dlq-error-code"] ?? "",
        isSame: Buffer.compare(value, bytes) === 0,
      })),
      refusals: this.#records.slice(records).flatMap(({ value }) => this.#refusal(value, bytes)),
    };
  }

  #refusal(record: Uint8Array, bytes: Uint8Array): readonly Refusal[] {
    const opened = openEnvelope(record, this.rig.keys);
    if (!opened.ok) throw new Error(`a record that does not open: ${opened.code}`);
    if (opened.body.type !== "decision.refused") return [];
    const { subject, code = "", place = "", type = "" } = fromBinary(RefusedSchema, opened.body.payload);
    return [{ code, place, cameBy: type, isOf: subject === Buffer.from(sha256(bytes)).toString("hex") }];
  }
}

async function localGround(): Promise<Ground> {
  const rig = await Rig.open();
  return {
    rig,
    host: (agent, store) => rig.host(agent, { store }),
    tap: (...names) => rig.tap(...names),
    publish: (record) => void rig.bus.publishNow(record),
    run: (input) => rig.run(input),
  };
}

/** The grant of an agent that may say what the friend may, in a replay. */
export function grantOf(sender: string, fields: Partial<GrantFields> = {}): GrantFields {
  const types = friendly.map((right) => {
    const [type = "", topic = ""] = right.split(" ");
    return create(TypeGrantSchema, { type, topic });
  });
  const usual = { sender, person: false, purpose: KeyPurpose.ENVELOPE, modes: [Mode.REPLAY], types };
  return { ...usual, validFromMs: 0n, validUntilMs: 4_102_444_800_000n, state: KeyState.ACTIVE, ...fields };
}

/** What a delivery that passes every door leads to, and what one leads to that is refused. */
export const actedOnce: Outcome = { acted: 1, letters: [], refusals: [] };
export const nothingNew: Outcome = { acted: 0, letters: [], refusals: [] };

export function refused(code: string, place: string, topic: string): Outcome {
  return {
    acted: 0,
    letters: [{ dlq: `${topic}.probe.dlq`, code, isSame: true }],
    refusals: [{ code, place, cameBy: topic, isOf: true }],
  };
}

/** As it would be delivered: on its topic, under its key, with its copies. */
export function deliveryOf(body: EnvelopeBody, bytes: Uint8Array): Delivery {
  const { topic, key } = body;
  return { topic, key, bytes, headers: body.prev === undefined ? {} : headersOf(body) };
}

/** The same body with other fields, signed by whomever. */
export function resealed(body: EnvelopeBody, fields: Partial<EnvelopeBody>, signer: Signer): Delivery {
  const other = { ...body, ...fields };
  return deliveryOf(other, signedAs(other.type, encodeBody(other), signer));
}

function probeAgent(asleep: boolean): Agent<Acted> {
  const answers: Readonly<Record<string, (n: number) => { type: string; payload: Message }>> = {
    "HedgerService.Quote": (n) => ({
      type: "hedge.quote",
      payload: create(HedgeQuoteSchema, { explanation: `answer ${n}` }),
    }),
    "QuorumService.Propose": (n) => ({
      type: "quorum.proposed",
      payload: create(ProposeResponseSchema, { seq: BigInt(n) }),
    }),
    "HaltService.Halt": (n) => ({ type: "halt.response", payload: create(HaltResponseSchema, { by: `probe ${n}` }) }),
  };
  return {
    canvas: canvasOf("probe", {
      mission: "Acts on what it is shown.",
      observes: topics.map((topic) => ({ topic, as: "group" as const })),
      publishes: [{ topic: "audit.records.v1", types: ["decision.made"] }],
      serves: [...calls],
    }),
    keyOf: ({ kind }) => (kind === "message" || kind === "call" || kind === "market" ? "all" : undefined),
    initial: () => ({ times: 0 }),
    decide(state, input) {
      if (asleep) return { state, effects: [] };
      const times = state.times + 1;
      const answer = input.kind === "call" ? answers[input.call]?.(times) : undefined;
      if (answer !== undefined) return { state: { times }, effects: [{ kind: "reply", intent: "ANSWER", ...answer }] };
      const payload = create(DecisionMadeSchema, { decision: `acted ${times}` });
      const record = { topic: "audit.records.v1", key: "probe", type: "decision.made", intent: "ACT", payload };
      return { state: { times }, effects: [{ kind: "publish", ...record }] };
    },
    view: { ...noView, fold: () => ({ name: "seen", data: null }) },
  };
}
