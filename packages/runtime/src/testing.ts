/** For tests: one process with a real bus, scheduler, keys and stores, into which any agent can be put and any message be thrown. */
import { create, type Message, toBinary } from "@bufbuild/protobuf";
import { LocalBus } from "@countersign/bus";
import { type FenceState, KeyPurpose, KeyState, Mode, schemaOf, TypeGrantSchema, topics } from "@countersign/contracts";
import {
  type Chain,
  deriveMsgId,
  deriveSigner,
  type EnvelopeBody,
  emptyChain,
  headersOf,
  Keyring,
  makeGrant,
  nextLink,
  type Signer,
  seal,
} from "@countersign/envelope";
import { Scheduler } from "@countersign/time";
import type { Agent } from "./agent.ts";
import type { Canvas } from "./canvas.ts";
import { Host, type HostOptions } from "./host.ts";
import { MemoryStore } from "./memory/store.ts";
import { LocalRpc } from "./ports.ts";

export interface Say {
  readonly sender: string;
  /** A topic; for a call its name. */
  readonly topic: string;
  readonly key?: string;
  readonly type: string;
  readonly payload: Message;
  readonly idempotencyKey?: string;
  readonly ttlMs?: number;
  readonly sentAtMs?: number;
}

type RigHost<S, V> = Partial<
  Pick<
    HostOptions<S, V>,
    "store" | "bus" | "mode" | "alone" | "edge" | "fold" | "probe" | "limit" | "loop" | "onBroken" | "resumes"
  >
>;

/** A canvas that asks for nothing but this. */
export function canvasOf(agent: string, asks: Partial<Omit<Canvas, "agent">> = {}): Canvas {
  const nothing = { observes: [], publishes: [], calls: [], serves: [], slos: [] };
  return { agent, mission: "", beliefs: "", policy: "", failover: "", ...nothing, ...asks };
}

export const openFence: FenceState = { epoch: 1n, halts: [], released: [], head: { seq: 2n, digest: "" } };

export class Rig {
  readonly scheduler: Scheduler;
  readonly bus: LocalBus;
  readonly rpc = new LocalRpc();
  readonly keys = new Keyring();
  readonly alerts: string[] = [];
  fence: FenceState = openFence;
  readonly #fenceListeners: (() => void)[] = [];
  readonly #chains = new Map<string, Chain>();
  #said = 0;

  constructor(startMs = Date.parse("2015-06-01")) {
    this.scheduler = new Scheduler(startMs);
    this.bus = new LocalBus(this.scheduler);
  }

  static async open(startMs?: number): Promise<Rig> {
    const rig = new Rig(startMs);
    const names = topics.map(({ topic }) => topic);
    await rig.bus.ensureTopics(names.map((topic) => ({ topic, partitions: 4 })));
    return rig;
  }

  signer(sender: string): Signer {
    return deriveSigner(new Uint8Array(32).fill(7), sender);
  }

  /** Grants this sender's key the right to say each "type topic". */
  grant(sender: string, ...says: readonly string[]): void {
    const types = says.map((right) => {
      const [type, topic] = right.split(" ");
      return create(TypeGrantSchema, { type: type ?? "", topic: topic ?? "" });
    });
    const fields = {
      sender,
      person: false,
      purpose: KeyPurpose.ENVELOPE,
      modes: [Mode.REPLAY],
      types,
      validFromMs: 0n,
      validUntilMs: 4_102_444_800_000n,
      state: KeyState.ACTIVE,
    };
    const wrong = this.keys.grant(makeGrant(fields, this.signer(sender)));
    if (wrong !== undefined) throw new Error(`${sender}: ${wrong}`);
  }

  async host<S, V>(agent: Agent<S, V>, options: RigHost<S, V> = {}) {
    const name = agent.canvas.agent;
    const dlqs = agent.canvas.observes.map(({ topic }) => ({ topic: `${topic}.${name}.dlq`, partitions: 1 }));
    await this.bus.ensureTopics(dlqs);
    const host = new Host<S, V>({
      agent,
      signer: this.signer(name),
      keys: this.keys,
      mode: Mode.REPLAY,
      store: new MemoryStore(),
      bus: this.bus,
      rpc: this.rpc,
      fence: { state: () => this.fence, onChange: (listener) => void this.#fenceListeners.push(listener) },
      loop: this.scheduler,
      onAlert: (from, code) => void this.alerts.push(`${from} ${code}`),
      ...options,
    });
    await host.start();
    return host;
  }

  /** The sealed bytes of a message or call by this sender, next in its chain. */
  sealed(say: Say): { bytes: Uint8Array; body: EnvelopeBody } {
    const spec = topics.find(({ topic }) => topic === say.topic);
    const schema = schemaOf(say.type);
    if (schema === undefined) throw new Error(`no type ${say.type}`);
    const nowMs = this.scheduler.nowMs();
    const msgId = deriveMsgId({
      timeMs: nowMs,
      sender: say.sender,
      causationId: `said ${this.#said++}`,
      effectIndex: 0,
    });
    const unlinked = {
      msgId,
      type: say.type,
      version: "v1",
      correlationId: msgId,
      causationId: "",
      sentAtMs: BigInt(say.sentAtMs ?? nowMs),
      ttlMs: say.ttlMs ?? (spec === undefined || spec.kind === "command" ? 30_000 : 0),
      sender: say.sender,
      intent: "TEST",
      idempotencyKey: say.idempotencyKey ?? "",
      topic: say.topic,
      key: say.key ?? "",
      payload: toBinary(schema, say.payload),
    };
    if (spec === undefined) return seal(unlinked, this.signer(say.sender));
    const at = `${say.sender} ${say.topic} ${say.key ?? ""}`;
    const { body, chain } = nextLink(this.#chains.get(at) ?? emptyChain, unlinked);
    this.#chains.set(at, chain);
    if (spec.delivery === "record") return seal(body, this.signer(say.sender));
    const { prev: _, ...market } = body;
    return seal(market, this.signer(say.sender));
  }

  /** Says it on the bus and runs until all that follows is done. */
  async say(say: Say): Promise<EnvelopeBody> {
    const { bytes, body } = this.sealed(say);
    await this.deliver(say.topic, say.key ?? "", bytes, body);
    return body;
  }

  /** Puts bytes on the bus as they are. */
  async deliver(topic: string, key: string, value: Uint8Array, body?: EnvelopeBody): Promise<void> {
    const copies = body === undefined || body.prev === undefined ? [] : Object.entries(headersOf(body));
    const headers = Object.fromEntries(copies.map(([name, text]) => [name, [Buffer.from(text)]]));
    await this.run(() => void this.bus.publishNow({ topic, key: Buffer.from(key), value, headers }));
  }

  /** One step at the present time, or later. */
  async run(input: () => void | Promise<void> = () => {}, atMs = this.scheduler.nowMs()): Promise<void> {
    await this.scheduler.step(atMs, input);
  }

  async setFence(fence: FenceState): Promise<void> {
    this.fence = fence;
    await this.run(() => {
      for (const listener of this.#fenceListeners) listener();
    });
  }

  /** Everything that comes on these topics from now on, opened by nobody. */
  async tap(
    ...names: readonly string[]
  ): Promise<{ topic: string; key: string; value: Uint8Array; headers: Record<string, string> }[]> {
    const seen: { topic: string; key: string; value: Uint8Array; headers: Record<string, string> }[] = [];
    const options = {
      topics: names,
      as: { kind: "every" as const, name: "tap" },
      from: "latest" as const,
      maxInFlightBytes: 1e6,
      maxProcessingMs: 1e3,
    };
    await this.bus.subscribe(options, ({ records }) => {
      for (const { topic, key, value, headers } of records) {
        const texts = Object.entries(headers).map(([name, values]) => [name, Buffer.from(values[0] ?? []).toString()]);
        seen.push({ topic, key: Buffer.from(key).toString(), value, headers: Object.fromEntries(texts) });
      }
      return { through: records.at(-1)!.offset };
    });
    return seen;
  }
}

/** What is decided upon must not be changed in place. Bytes and maps stay as they are: they cannot be frozen. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (ArrayBuffer.isView(value) || value instanceof Map) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
