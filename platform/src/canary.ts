/**
 * A canary of a reader of the bus: the next version of Signal beside the one that trades. It reads the same market in a group of its own,
 * decides, and publishes nowhere; what it would have said is laid beside what was said. It has no key of anybody's and no store: nobody
 * would believe it, and nothing is left of it.
 *
 * Only for an agent whose words follow from the market alone. Others ask, and are answered by what their asking changed.
 */
import { randomBytes } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import type { Bus, OutRecord, Placed } from "@countersign/bus";
import { type Body, BodySchema, type Mode, type Signal, SignalSchema, SignedSchema } from "@countersign/contracts";
import { type EnvelopeBody, type Keys, openEnvelope, signerFromSeed } from "@countersign/envelope";
import { type Agent, type Fence, Host, type HostOptions, LocalRpc, MemoryStore } from "@countersign/runtime";
import type { Agreement, Word } from "./agreement.ts";
import { InputError } from "./inputs.ts";

export interface CanaryOptions
  extends Pick<HostOptions<unknown, unknown>, "bus" | "loop" | "fold" | "alone" | "onBroken" | "probe" | "resumes"> {
  readonly agent: Agent<unknown, unknown>;
  readonly keys: Keys;
  readonly mode: Mode;
  readonly fence: Fence;
  readonly agreement: Agreement;
}

/** What the one that trades says, and the canary must: records of what was not said are no words. */
export const COMPARED = "signals.market.v1";

export async function startCanary({ agreement, ...options }: CanaryOptions): Promise<Host<unknown, unknown>> {
  const { bus, keys } = options;
  const { agent: name, calls, observes } = options.agent.canvas;
  if (calls.length > 0 || observes.some(({ as }) => as === "group"))
    throw new InputError(
      "BAD_OPTION",
      `${name}: no canary can speak for it: what it says does not follow from the market alone`,
    );
  const silent = new Silent(bus, (body) => {
    const word = wordOf(body);
    if (word !== undefined) agreement.canary(word);
  });
  const host = new Host({
    ...options,
    bus: silent,
    signer: signerFromSeed(randomBytes(32)),
    store: new MemoryStore(),
    rpc: nobody,
  });
  await bus.subscribe(
    {
      topics: [COMPARED],
      as: { kind: "every", name: `${name}-canary` },
      from: "latest",
      maxInFlightBytes: 1_000_000,
      maxProcessingMs: 30_000,
    },
    ({ records }) => {
      for (const { value } of records) {
        const opened = openEnvelope(value, keys);
        const word = opened.ok && opened.body.sender === name ? wordOf(opened.body) : undefined;
        if (word !== undefined) agreement.live(word);
      }
      return { through: records.at(-1)!.offset };
    },
  );
  await host.start();
  return host;
}

/** The bus as it is read; what is published on it is heard by one listener and nobody else. */
class Silent implements Bus {
  readonly #bus: Bus;
  readonly #hear: (body: Spoken) => void;
  #offset = 0n;

  constructor(bus: Bus, hear: (body: Spoken) => void) {
    this.#bus = bus;
    this.#hear = hear;
  }

  async publish(records: readonly OutRecord[]): Promise<readonly Placed[]> {
    return records.map(({ topic, value }) => {
      const { payload } = fromBinary(SignedSchema, value);
      if (payload !== undefined) this.#hear(fromBinary(BodySchema, payload));
      return { topic, partition: 0, offset: this.#offset++ };
    });
  }

  /** In a group of its own, whatever the agent's canvas asks for: it takes no work away. */
  subscribe: Bus["subscribe"] = (options, handler) =>
    this.#bus.subscribe({ ...options, as: { kind: "every", name: `${options.as.name}-canary` } }, handler);

  async ensureTopics(): Promise<void> {}
  lag: Bus["lag"] = (name) => this.#bus.lag(name);
  /** It is its owner's. */
  async close(): Promise<void> {}
}

/** Strategy, direction and horizon: the quote it was said by, and scores that rest on it, may be another's newer one. */
function wordOf({ msgId, topic, key, payload }: Spoken): Word | undefined {
  if (topic !== COMPARED || msgId === undefined || payload === undefined) return undefined;
  const { symbol, strategy, direction, horizonMs }: Signal = fromBinary(SignalSchema, payload);
  return { msgId, about: `${topic} ${key}`, says: `${symbol} ${strategy} ${direction} ${horizonMs}` };
}

type Spoken =
  | Pick<Body, "msgId" | "topic" | "key" | "payload">
  | Pick<EnvelopeBody, "msgId" | "topic" | "key" | "payload">;

/** An agent that asks somebody is none for a canary. */
const nobody = new LocalRpc();
