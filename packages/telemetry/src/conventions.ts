/**
 * How spans are named and what they carry: OpenTelemetry semantic conventions 1.45.0, messaging (in development) and RPC (stable).
 * Since 1.42 they say `messaging.system.name`, `kafka.offset` and `rpc.system.name`; what `messaging.system`,
 * `messaging.kafka.message.offset` and `rpc.system` were is deprecated.
 */
import { type Attributes, SpanKind } from "@opentelemetry/api";

/**
 * `publish` and `call` send a message, `receive`, `process` and `serve` have one. `input` is what no message brought: a tick, a timer, an
 * edge's report; its id is that of the cause which the messages that follow from it name. `act` is a request to somebody who reads no
 * envelopes, such as a venue, in consequence of a message, and `request` is one that such a peer answers.
 */
export type Operation = "receive" | "process" | "publish" | "call" | "serve" | "input" | "act" | "request";

/** What a span is about. */
export interface About {
  /** The topic, the call as `Service.Method`, or the kind of input. */
  readonly name: string;
  readonly correlationId: string;
  /** Of the message that is handled or sent, or of the cause that is no message. */
  readonly msgId: string;
  /** The message it follows from. */
  readonly causationId?: string | undefined;
  /** It is the answer to a call of ours, whose message is its cause: it was not published, and follows from the call. */
  readonly isAnswer?: boolean;
  /** The same message was sent before, or to somebody else: a span of its own, below the first. */
  readonly isCopy?: boolean;
  /** The header that came with it, if one did. */
  readonly traceparent?: string | undefined;
  readonly group?: string | undefined;
  readonly partition?: number | undefined;
  readonly offset?: bigint | undefined;
  /** When it was begun, by `performance.now()`; now unless told. */
  readonly startedMs?: number | undefined;
  /** The agent that is called. */
  readonly server?: string | undefined;
  /** The other messages that are handled or sent with it: one link each. */
  readonly also?: readonly { readonly correlationId: string; readonly msgId: string }[] | undefined;
}

interface Convention {
  readonly kind: SpanKind;
  /** As Kafka's own clients call it. */
  readonly operation: string;
  readonly type: string;
}

/** Whoever pulls is a CLIENT and whoever processes a CONSUMER; a send that is the message's own context is a PRODUCER. */
export const CONVENTIONS: Readonly<Record<Operation, Convention>> = {
  receive: { kind: SpanKind.CLIENT, operation: "poll", type: "receive" },
  process: { kind: SpanKind.CONSUMER, operation: "process", type: "process" },
  publish: { kind: SpanKind.PRODUCER, operation: "send", type: "send" },
  call: { kind: SpanKind.CLIENT, operation: "", type: "" },
  serve: { kind: SpanKind.SERVER, operation: "", type: "" },
  act: { kind: SpanKind.CLIENT, operation: "act", type: "" },
  request: { kind: SpanKind.SERVER, operation: "", type: "" },
  input: { kind: SpanKind.INTERNAL, operation: "input", type: "" },
};

export function spanName(operation: Operation, { name }: About): string {
  if (operation === "call" || operation === "serve") return name.replace(".", "/");
  if (operation === "request") return name;
  return `${CONVENTIONS[operation].operation} ${name}`;
}

/** @param systems what messages and calls go over: `kafka` and `grpc` in a cluster */
export function attributesOf(
  operation: Operation,
  about: About,
  systems: { readonly messaging: string; readonly rpc: string },
): Attributes {
  const { msgId, correlationId, also } = about;
  if (operation === "request") {
    const [method = "", route = ""] = about.name.split(" ");
    return { "http.request.method": method, "http.route": route };
  }
  const attributes: Attributes = {
    "messaging.message.id": msgId,
    "messaging.message.conversation_id": correlationId,
  };
  if (operation === "call" || operation === "serve") {
    attributes["rpc.system.name"] = systems.rpc;
    attributes["rpc.method"] = about.name.replace(".", "/");
    if (about.server !== undefined) attributes["server.address"] = about.server;
    return attributes;
  }
  if (operation === "input" || operation === "act") return attributes;
  const { operation: name, type } = CONVENTIONS[operation];
  attributes["messaging.system.name"] = systems.messaging;
  attributes["messaging.operation.name"] = name;
  attributes["messaging.operation.type"] = type;
  attributes["messaging.destination.name"] = about.name;
  if (about.group !== undefined) attributes["messaging.consumer.group.name"] = about.group;
  if (about.partition !== undefined) attributes["messaging.destination.partition.id"] = String(about.partition);
  // A span holds 64-bit floats: exact up to 2^53 records of a partition.
  if (about.offset !== undefined) attributes["kafka.offset"] = Number(about.offset);
  if (also !== undefined && also.length > 0) attributes["messaging.batch.message_count"] = also.length + 1;
  return attributes;
}
