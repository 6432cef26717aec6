/** An input on its way to `decide`, with what the transaction must remember of it. */

import type { Message } from "@bufbuild/protobuf";
import { type Bar, callSpec, type Quote, type Trade, topicSpec } from "@countersign/contracts";
import { type Opened, sha256 } from "@countersign/envelope";
import type { Cause, Input, MarketMessage, MarketRef } from "./agent.ts";
import type { JournalledInput } from "./journal.ts";

export interface Pending {
  readonly input: Input;
  readonly cause: Cause;
  readonly journalled: JournalledInput;
  /** Ids under which it must never be acted on again, and the digest of what they stand for. */
  readonly inbox: readonly { readonly msgId: string; readonly digest: Uint8Array }[];
}

export function causeOf({ body }: Opened): Cause {
  return { msgId: body.msgId, correlationId: body.correlationId };
}

/** Its msg_id; and for what asks for something, the sender's idempotency key, which stands for the payload whatever msg_id carries it. */
export function inboxOf(opened: Opened): Pending["inbox"] {
  const { body } = opened;
  const rows = [{ msgId: body.msgId, digest: opened.digest }];
  const asks = topicSpec(body.topic)?.kind === "command" || callSpec(body.topic) !== undefined;
  if (!asks || body.idempotencyKey === "") return rows;
  return [...rows, { msgId: `${body.sender} ${body.type} ${body.idempotencyKey}`, digest: sha256(body.payload) }];
}

/** The message of a market.* topic; undefined for another. */
export function marketMessage(opened: Opened, payload: Message): MarketMessage | undefined {
  const { body } = opened;
  const ref = new LazyRef(opened);
  switch (body.type) {
    case "market.quote":
      return { type: body.type, value: payload as Quote, ref };
    case "market.trade":
      return { type: body.type, value: payload as Trade, ref };
    case "market.bar":
      return { type: body.type, value: payload as Bar, ref };
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
