/** What the pipeline refuses is counted, put on record, and kept byte for byte in the DLQ with the reason. */
import { create } from "@bufbuild/protobuf";
import type { Bus, Delivered } from "@countersign/bus";
import { RefusedSchema } from "@countersign/contracts";
import { hex, sha256 } from "@countersign/envelope";
import type { PublishEffect } from "./agent.ts";
import type { Pending } from "./pending.ts";
import { RpcError } from "./ports.ts";
import type { Teller } from "./teller.ts";

const PUBLISH_TIMEOUT_MS = 5_000;

export class Refusals {
  /** By code. */
  readonly counts = new Map<string, number>();
  readonly #name: string;
  readonly #bus: Bus;
  readonly #teller: Teller;

  constructor(name: string, bus: Bus, teller: Teller) {
    this.#name = name;
    this.#bus = bus;
    this.#teller = teller;
  }

  async ofRecord(record: Delivered, code: string, place: string): Promise<void> {
    const { topic, key, value, headers } = record;
    const why = {
      "x-dlq-original-topic": topic,
      "x-dlq-original-partition": String(record.partition),
      "x-dlq-original-offset": String(record.offset),
      "x-dlq-error-code": code,
      "x-dlq-error-place": place,
    };
    const added = Object.fromEntries(Object.entries(why).map(([name, text]) => [name, [Buffer.from(text)]]));
    const kept = { topic: `${topic}.${this.#name}.dlq`, key, value, headers: { ...headers, ...added } };
    await this.#bus.publish([kept], { timeoutMs: PUBLISH_TIMEOUT_MS });
    await this.#say(`${topic}/${record.partition}/${record.offset}`, topic, value, code, place);
  }

  /** What the caller is told. */
  async ofCall(call: string, request: Uint8Array, code: string, place: string): Promise<RpcError> {
    await this.#say(hex(sha256(request)), call, request, code, place);
    return new RpcError("REFUSED", `${this.#name} refused ${call}: ${code}`);
  }

  /** Another body under an id that was acted on. */
  async ofConflict({ cause, journalled }: Pending): Promise<void> {
    const topic = journalled.kind === "message" ? journalled.topic : journalled.kind;
    await this.#say(cause.msgId, topic, Buffer.from(cause.msgId), "CONFLICT", "inbox");
  }

  async #say(occurrence: string, topic: string, bytes: Uint8Array, code: string, place: string): Promise<void> {
    this.counts.set(code, (this.counts.get(code) ?? 0) + 1);
    const subject = hex(sha256(bytes));
    const explanation = `what came by ${topic} was refused: ${code}`;
    const effect: PublishEffect = {
      kind: "publish",
      topic: "audit.records.v1",
      key: this.#name,
      type: "decision.refused",
      payload: create(RefusedSchema, { subject, code, place, type: topic, explanation }),
      intent: "REFUSE",
    };
    await this.#teller.say(effect, this.#teller.rootCause(`refused:${occurrence}:${subject}`));
  }
}
