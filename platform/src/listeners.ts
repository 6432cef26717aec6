/** Subscriptions of those who are no agents: the fence of this process, and the validators' own feed. */
import { fromBinary } from "@bufbuild/protobuf";
import type { Validator } from "@countersign/agent-validator";
import type { Bus, Delivered, SubscribeOptions } from "@countersign/bus";
import { BodySchema, EntryPostedSchema, type Mode, SignedSchema } from "@countersign/contracts";
import type { Keys } from "@countersign/envelope";
import type { FenceReader } from "@countersign/quorum";
import { admit, marketMessage } from "@countersign/runtime";

/**
 * The fence believes certificates, not messages: it takes each entry with its votes, and refuses by itself what is not certified.
 * @param reader whose fence it is: groups begin with a name that the broker may know their reader by
 */
export async function followControl(bus: Bus, fence: FenceReader, reader: string): Promise<void> {
  await bus.subscribe(every("control.halt.v1", `${reader}.fence`), ({ records }) => {
    applyPosted(fence, records);
    return { through: records.at(-1)!.offset };
  });
}

/** Of `control.halt.v1`. */
export function applyPosted(fence: FenceReader, records: readonly Delivered[]): void {
  for (const { value } of records) {
    const posted = readPosted(value);
    if (posted !== undefined) fence.apply(posted.entry, posted.votes);
  }
}

export async function followQuotes(
  bus: Bus,
  keys: Keys,
  validator: Validator,
  mode: Mode,
  nowMs: () => number,
): Promise<void> {
  await bus.subscribe(every("market.quotes.v1", validator.name), ({ records }) => {
    for (const { value, key } of records) {
      const recordKey = Buffer.from(key).toString();
      const admitted = admit(
        { bytes: value, topic: "market.quotes.v1", recordKey, headers: undefined },
        keys,
        mode,
        nowMs(),
      );
      // What is not authentic is no quote; the agents put it on record.
      if (!admitted.ok) continue;
      const message = marketMessage(admitted.opened, admitted.payload);
      if (message?.type === "market.quote") validator.onQuote(message.value, message.ref);
    }
    return { through: records.at(-1)!.offset };
  });
}

function every(topic: string, name: string): SubscribeOptions {
  return {
    topics: [topic],
    as: { kind: "every", name },
    from: "earliest",
    maxInFlightBytes: 8_000_000,
    maxProcessingMs: 30_000,
  };
}

/** Entry and votes of a record of `control.halt.v1` or `ledger.entries.v1`, believed by nobody yet; undefined where it has none. */
export function readPosted(value: Uint8Array) {
  try {
    const { payload, attached } = fromBinary(SignedSchema, value);
    const { payload: posted } = fromBinary(BodySchema, payload ?? new Uint8Array());
    const { entry } = fromBinary(EntryPostedSchema, posted ?? new Uint8Array());
    return entry === undefined ? undefined : { entry, votes: attached };
  } catch {
    return undefined;
  }
}
