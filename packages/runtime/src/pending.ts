/** An input on its way to `decide`, with what the transaction must remember of it. */

import type { Message } from "@bufbuild/protobuf";
import { type Bar, callSpec, type Quote, type Trade, topicSpec } from "@countersign/contracts";
import { hex, type Opened, sha256 } from "@countersign/envelope";
import type { Cause, Input, MarketMessage, MarketRef } from "./agent.ts";
import type { JournalledInput } from "./journal.ts";
import type { Work } from "./probe.ts";
import type { Outcome } from "./store.ts";

export interface Pending {
  readonly input: Input;
  readonly cause: Cause;
  readonly journalled: JournalledInput;
  /** Ids under which it must never be acted on again, and the digest of what they stand for. */
  readonly inbox: readonly { readonly msgId: string; readonly digest: Uint8Array }[];
  /** Decided upon so much later at most, to share a transaction with others, ms; 0 unless said. */
  readonly mayWaitMs?: number | undefined;
  /** Where somebody measures: the work on it. */
  readonly work?: Work | undefined;
}

export function causeOf({ body }: Opened): Cause {
  return { msgId: body.msgId, correlationId: body.correlationId };
}

/** A command or a call: it wants something done. An event states what has happened. */
export function asks({ body: { topic } }: Opened): boolean {
  return topicSpec(topic)?.kind === "command" || callSpec(topic) !== undefined;
}

/** Its msg_id; and for what asks for something, the sender's idempotency key, which stands for the payload whatever msg_id carries it. */
export function inboxOf(opened: Opened): Pending["inbox"] {
  const { body } = opened;
  const rows = [{ msgId: body.msgId, digest: opened.digest }];
  if (!asks(opened) || body.idempotencyKey === "") return rows;
  return [...rows, { msgId: `${body.sender} ${body.type} ${body.idempotencyKey}`, digest: sha256(body.payload) }];
}

/** The message of a market.* topic; undefined for another. The same object for all readers of the process. */
export function marketMessage(opened: Opened, payload: Message): MarketMessage | undefined {
  const known = (opened as Remembered)[MESSAGE];
  if (known !== undefined) return known;
  const message = makeMessage(opened, payload);
  if (message !== undefined) (opened as Remembered)[MESSAGE] = message;
  return message;
}

/** Kept with the envelope it came in, as in pipeline.ts. */
const MESSAGE = Symbol("message");
type Remembered = Opened & { [MESSAGE]?: MarketMessage };

function makeMessage(opened: Opened, payload: Message): MarketMessage | undefined {
  const ref = new LazyRef(opened);
  switch (opened.body.type) {
    case "market.quote":
      return { type: "market.quote", value: payload as Quote, ref };
    case "market.trade":
      return { type: "market.trade", value: payload as Trade, ref };
    case "market.bar":
      return { type: "market.bar", value: payload as Bar, ref };
    default:
      return undefined;
  }
}

/** Digests are made when somebody asks: most quotes are evidence of nothing. */
class LazyRef implements MarketRef {
  readonly #opened: Opened;

  constructor(opened: Opened) {
    this.#opened = opened;
  }

  get msgId(): string {
    return this.#opened.body.msgId;
  }

  get seq(): bigint {
    return this.#opened.body.seq ?? 0n;
  }

  get digest(): Uint8Array {
    return this.#opened.digest;
  }

  /** Written down, in a journal or a snapshot, it is the plain reference. */
  toJSON(): MarketRef {
    const { msgId, seq, digest } = this;
    return { msgId, seq, digest };
  }
}

/** What came of an input: its answer, if it was a call; or it was acted on before, and that is what came of it then. Neither: nothing. */
export interface Fate {
  readonly answer?: Uint8Array | undefined;
  readonly repeated?: Repeated;
}

export type Fates = ReadonlyMap<Pending, Fate>;

export interface Repeated {
  readonly msgId: string;
  readonly outcome: Outcome;
}

/** The same body under the same id; another one is no repetition but an attack, or a fault of its sender. */
export function isRepetition({ inbox }: Pending, { msgId, outcome }: Repeated): boolean {
  const mine = inbox.find((row) => row.msgId === msgId);
  return mine !== undefined && Buffer.compare(mine.digest, outcome.digest) === 0;
}

/** Delivered twice before the one transaction that folds them all: the store could not tell, both would be new to it. */
export function withoutRepetitions(inputs: readonly Pending[]): {
  readonly fresh: readonly Pending[];
  readonly altered: readonly Pending[];
} {
  if (inputs.length === 1) return { fresh: inputs, altered: [] };
  const seen = new Map<string, string>();
  const fresh: Pending[] = [];
  const altered: Pending[] = [];
  for (const one of inputs) {
    const before = one.inbox.map(({ msgId, digest }) => [seen.get(msgId), hex(digest)] as const);
    if (before.every(([known]) => known === undefined)) fresh.push(one);
    else if (before.some(([known, now]) => known !== undefined && known !== now)) altered.push(one);
    for (const { msgId, digest } of one.inbox) if (!seen.has(msgId)) seen.set(msgId, hex(digest));
  }
  return { fresh, altered };
}
