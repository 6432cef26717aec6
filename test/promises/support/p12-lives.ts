/**
 * Lives of one agent, each on the real host, and how they end: kill -9 lets a process do nothing more, at whichever step of its own it is.
 * What it leaves is in the store and on the bus; the next life, or another replica, has nothing else.
 */
import { create } from "@bufbuild/protobuf";
import type { Bus } from "@countersign/bus";
import { DecisionMadeSchema, HedgeQuoteRequestSchema, Mode, type Signal } from "@countersign/contracts";
import { type Agent, type Effect, Host, type Input, noView, type Store, WallLoop } from "@countersign/runtime";
import { canvasOf, openFence, Rig } from "@countersign/runtime/testing";

export const SIGNALS = "signals.market.v1";
export const RECORDS = "audit.records.v1";
export const QUOTES = "market.quotes.v1";
export const QUOTE = "HedgerService.Quote";
/** The symbol of a quote upon which is decided. */
export const ALARM = "ALARM";

interface Written {
  /** One word for each input it decided upon. */
  readonly words: readonly string[];
}

/** What an input makes it do besides the record: by its word. */
const MORE: Readonly<Record<string, (nowMs: number) => Effect>> = {
  remind: (nowMs) => ({ kind: "timer", id: "t", dueMs: nowMs + 1_000, data: null }),
  ask: () => ({
    kind: "call",
    id: "c",
    call: QUOTE,
    to: "hedger",
    type: "hedge.quote-request",
    payload: create(HedgeQuoteRequestSchema, { symbol: "AAPL" }),
    intent: "ASK",
    idempotencyKey: "c",
  }),
};

/** Writes down every input as a word, and says a record of it. */
export const clerk: Agent<Written, undefined> = {
  canvas: canvasOf("clerk", {
    mission: "Writes down what it is shown.",
    observes: [
      { topic: SIGNALS, as: "group" },
      { topic: QUOTES, as: "every" },
    ],
    publishes: [{ topic: RECORDS, types: ["decision.made"] }],
    calls: [QUOTE],
  }),
  keyOf: ({ kind }) => (kind === "fence" || kind === "tick" ? undefined : "all"),
  initial: () => ({ words: [] }),
  decide(state, input, { nowMs }) {
    const word = wordOf(input);
    const payload = create(DecisionMadeSchema, { decision: word });
    const record = { topic: RECORDS, key: "clerk", type: "decision.made", intent: "WRITE", payload };
    const more = MORE[word]?.(nowMs);
    return {
      state: { words: [...state.words, word] },
      effects: [{ kind: "publish", ...record }, ...(more === undefined ? [] : [more])],
    };
  },
  view: { ...noView, fold: (_, { value }) => (value.symbol === ALARM ? { name: "alarm", data: null } : undefined) },
};

/** A signal is known by its strategy, a report of the edge by its name. */
function wordOf(input: Input): string {
  if (input.kind === "message") return (input.payload as Signal).strategy ?? "";
  return input.kind === "edge" ? input.name : input.kind;
}

export async function openRig(): Promise<Rig> {
  const rig = await Rig.open();
  rig.grant("clerk", `decision.made ${RECORDS}`, `decision.refused ${RECORDS}`, `hedge.quote-request ${QUOTE}`);
  rig.grant("friend", `market.signal ${SIGNALS}`, `market.quote ${QUOTES}`);
  rig.grant("hedger", `hedge.quote ${QUOTE}`);
  await rig.bus.ensureTopics([SIGNALS, QUOTES].map((topic) => ({ topic: `${topic}.clerk.dlq`, partitions: 1 })));
  return rig;
}

export const KILLED = "killed";

export interface LifeOptions {
  readonly rig: Rig;
  /** Shared with other lives. */
  readonly store: Store;
  /** `embedded`: the scheduler runs it, and nothing beside it. `process`: by itself, with replicas beside it and a relay. */
  readonly as: "embedded" | "process";
  readonly bus?: Bus;
  /** Between this life and the store. */
  readonly wrap?: (store: Store, life: Life) => Partial<Store>;
}

/** One process, from its start to its end. */
export class Life {
  readonly broken: unknown[] = [];
  isDead = false;
  #host: Host<Written, undefined> | undefined;

  static async begin({ rig, store, as, bus = rig.bus, wrap }: LifeOptions): Promise<Life> {
    const life = new Life();
    const onBroken = (error: unknown) => {
      if (!life.isDead) life.broken.push(error);
    };
    const common = {
      agent: clerk,
      signer: rig.signer("clerk"),
      keys: rig.keys,
      mode: Mode.REPLAY,
      store: life.#while({ ...bound(store), ...wrap?.(bound(store), life) }),
      bus: life.#while(bound(bus)),
      rpc: life.#while(bound(rig.rpc)),
      fence: { state: () => openFence, onChange: () => {} },
    };
    const loop = new WallLoop({ onBroken, now: () => rig.scheduler.nowMs() });
    life.#host =
      as === "embedded"
        ? new Host({ ...common, loop: rig.scheduler, fold: "each" })
        : new Host({ ...common, loop, fold: "together", resumes: true, onBroken });
    await life.#host.start();
    return life;
  }

  get host(): Host<Written, undefined> {
    if (this.#host === undefined) throw new Error("it was not begun");
    return this.#host;
  }

  /** Something of its own, such as what its edge hears; resolves when that is committed. */
  hears(word: string): Promise<void> {
    return this.host.report({ id: word, name: word, data: null });
  }

  /** kill -9. Nothing it does from now on reaches an engine; those notice that it is gone, and let go of its locks and its share. */
  async kill(): Promise<void> {
    this.isDead = true;
    await this.#host?.close().catch(() => {});
  }

  /** An engine as a living process reaches it: dead, it is told nothing and tells nothing. */
  #while<T extends object>(engine: T): T {
    const guarded = Object.entries(engine).map(([name, method]) => {
      if (typeof method !== "function" || name === "campaign" || name === "subscribe") return [name, method];
      return [name, (...args: unknown[]) => (this.isDead ? Promise.reject(new Error(KILLED)) : method(...args))];
    });
    const alive: T = Object.fromEntries(guarded);
    const { campaign } = engine as Partial<Store>;
    if (campaign === undefined) return alive;
    const silenced: Store["campaign"] = (on) => {
      const { tell, close } = bound(campaign(on));
      return { tell: () => (this.isDead ? undefined : tell()), close };
    };
    return { ...alive, campaign: silenced };
  }
}

/** Its methods, to be called without it, or with others in their place. */
export function bound<T extends object>(engine: T): T {
  const methods: Record<string, unknown> = {};
  for (let of: object = engine; of !== Object.prototype; of = Object.getPrototypeOf(of))
    for (const name of Object.getOwnPropertyNames(of)) {
      const value = Reflect.get(engine, name);
      if (typeof value === "function" && name !== "constructor") methods[name] ??= value.bind(engine);
    }
  return methods as T;
}

/** What it decided upon, in all its lives. */
export async function wordsOf(store: Store): Promise<readonly string[]> {
  return ((await store.load("all")).state as Written | undefined)?.words ?? [];
}
