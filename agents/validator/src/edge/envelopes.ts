/** Envelopes in and out: what a validator is asked must be authentic and allowed, and what it says is sealed with its own key. */
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { callSpec, type Mode, RefusedSchema } from "@countersign/contracts";
import {
  checkRights,
  deriveMsgId,
  type EnvelopeBody,
  type Keys,
  type Opened,
  openEnvelope,
  type Sealed,
  type Signer,
  seal,
  sha256,
} from "@countersign/envelope";
import { type PublishEffect, RpcError } from "@countersign/runtime";

export interface EnvelopesOptions {
  readonly name: string;
  readonly signer: Signer;
  readonly keys: Keys;
  readonly mode: Mode;
  /** Decision time. */
  readonly nowMs: () => number;
  readonly publish: (effect: PublishEffect) => Promise<void>;
}

export class Envelopes {
  readonly #o: EnvelopesOptions;

  constructor(options: EnvelopesOptions) {
    this.#o = options;
  }

  /** An authentic request of this call. What is none goes on record, and throws `RpcError` `REFUSED`. It has no age. */
  async open(call: string, bytes: Uint8Array): Promise<Opened> {
    const opened = openEnvelope(bytes, this.#o.keys);
    const refusal = opened.ok ? this.#check(call, callSpec(call)?.request.type, opened) : opened;
    if (opened.ok && refusal === undefined) return opened;
    const code = refusal?.code ?? "MALFORMED";
    const subject = opened.ok ? opened.body.msgId : Buffer.from(sha256(bytes)).toString("hex");
    await this.refuse(subject, opened.ok ? opened.body : undefined, code, "pipeline", refusal?.text ?? "");
    throw new RpcError("REFUSED", `${this.#o.name} refuses ${call}: ${code}`);
  }

  /** The answer of `from` to a call of ours; undefined when it is not authentic. */
  openAnswer<Desc extends DescMessage>(
    call: string,
    from: string,
    schema: Desc,
    bytes: Uint8Array,
  ): MessageShape<Desc> | undefined {
    const opened = openEnvelope(bytes, this.#o.keys);
    const type = callSpec(call)?.answers.find((answer) => answer.schema === schema)?.type;
    if (!opened.ok || this.#check(call, type, opened) !== undefined || opened.body.sender !== from) return undefined;
    return decode(schema, opened.body.payload);
  }

  /** The answer to a request: the same id and content for the same request. */
  answer<Desc extends DescMessage>(request: Opened, schema: Desc, message: MessageShape<Desc>): Uint8Array {
    const { msgId, correlationId, topic, intent, sentAtMs } = request.body;
    const type = callSpec(topic)?.answers.find((answer) => answer.schema === schema)?.type ?? "";
    const id = deriveMsgId({ timeMs: Number(sentAtMs), sender: this.#o.name, causationId: msgId, effectIndex: 0 });
    return this.#seal({ msgId: id, type, correlationId, causationId: msgId, intent, topic }, toBinary(schema, message))
      .bytes;
  }

  /** A request of ours. `about` names it among all our requests. */
  request<Desc extends DescMessage>(
    call: string,
    schema: Desc,
    message: MessageShape<Desc>,
    { about, timeMs, cause }: { readonly about: string; readonly timeMs: number; readonly cause: EnvelopeBody },
  ): Sealed {
    const type = callSpec(call)?.request.type ?? "";
    const msgId = deriveMsgId({ timeMs, sender: this.#o.name, causationId: about, effectIndex: 0 });
    const { correlationId, msgId: causationId } = cause;
    const intent = call.slice(call.indexOf(".") + 1).toUpperCase();
    return this.#seal({ msgId, type, correlationId, causationId, intent, topic: call }, toBinary(schema, message));
  }

  /** Puts a refusal on record, once for each subject: the msg_id of what was refused, or the digest of what has none. */
  refuse(
    subject: string,
    body: EnvelopeBody | undefined,
    code: string,
    place: string,
    explanation: string,
  ): Promise<void> {
    const { sender = "", type = "" } = body ?? {};
    return this.#o.publish({
      kind: "publish",
      topic: "audit.records.v1",
      key: this.#o.name,
      type: "decision.refused",
      payload: create(RefusedSchema, { subject, code, place, sender, type, explanation }),
      intent: "REFUSE",
      idempotencyKey: `refused ${subject} ${code}`,
      ...(body === undefined ? {} : { cause: { msgId: body.msgId, correlationId: body.correlationId } }),
    });
  }

  #check(
    call: string,
    type: string | undefined,
    opened: Opened,
  ): { readonly code: string; readonly text: string } | undefined {
    const { keys, mode, nowMs } = this.#o;
    const refusal = checkRights(opened, { keys, topic: call, mode, nowMs: nowMs() });
    if (refusal !== undefined) return refusal;
    return opened.body.type === type ? undefined : { code: "WRONG_TYPE", text: "not a message of this call" };
  }

  #seal(
    fields: Pick<EnvelopeBody, "msgId" | "type" | "correlationId" | "causationId" | "intent" | "topic">,
    payload: Uint8Array,
  ): Sealed {
    const { name, signer, nowMs } = this.#o;
    const sentAtMs = BigInt(nowMs());
    const body = { ...fields, version: "v1", sentAtMs, ttlMs: 0, sender: name, idempotencyKey: "", key: "", payload };
    return seal(body, signer);
  }
}

/** Undefined when the payload is not of this schema. */
export function decode<Desc extends DescMessage>(schema: Desc, payload: Uint8Array): MessageShape<Desc> | undefined {
  try {
    return fromBinary(schema, payload);
  } catch {
    return undefined;
  }
}
