/** Two JSON forms: one that travels and carries the same signed bytes, and one to read, which is never an input. */
import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { SignedSchema, schemaOf } from "@countersign/contracts";
import { EnvelopeError } from "./error.ts";
import type { Opened } from "./open.ts";

/**
 * The DSSE JSON envelope `{payloadType, payload, signatures: [{keyid, sig}]}`, bytes in base64, with our `inclusion` and
 * `attached` beside them. It is the proto3 JSON of `Signed`: one signature is valid in both forms. Throws `BAD_JSON`.
 */
export function envelopeToJson(bytes: Uint8Array): JsonValue {
  return translated(() => toJson(SignedSchema, fromBinary(SignedSchema, bytes)));
}

/** The bytes again. Both base64 alphabets are read, as DSSE demands. Throws `BAD_JSON`. */
export function envelopeFromJson(json: JsonValue): Uint8Array {
  return translated(() => toBinary(SignedSchema, fromJson(SignedSchema, json)));
}

/** The message header of the requirements, with exactly its field names. */
export interface ReadableView {
  readonly msg_id: string;
  readonly type: string;
  readonly version: string;
  readonly correlation_id: string;
  readonly causation_id: string;
  readonly ttl_ms: number;
  readonly sender: string;
  readonly intent: string;
  readonly idempotency_key: string;
  /** proto3 JSON of the payload's message. */
  readonly payload: JsonValue;
  /** `ed25519:` and base64url. */
  readonly sig: string;
}

/** For logs, consoles and people. Throws `UNREADABLE_PAYLOAD`: a signer may sign nonsense. */
export function readableView({ body, signature }: Opened): ReadableView {
  return {
    msg_id: body.msgId,
    type: body.type,
    version: body.version,
    correlation_id: body.correlationId,
    causation_id: body.causationId,
    ttl_ms: body.ttlMs,
    sender: body.sender,
    intent: body.intent,
    idempotency_key: body.idempotencyKey,
    payload: payloadJson(body.type, body.payload),
    sig: `ed25519:${Buffer.from(signature).toString("base64url")}`,
  };
}

function payloadJson(type: string, payload: Uint8Array): JsonValue {
  const schema = schemaOf(type);
  if (schema === undefined) throw new EnvelopeError("UNREADABLE_PAYLOAD", `no message type ${type}`);
  try {
    return toJson(schema, fromBinary(schema, payload));
  } catch (cause) {
    throw new EnvelopeError("UNREADABLE_PAYLOAD", `the payload is no ${type}`, { cause });
  }
}

function translated<T>(translate: () => T): T {
  try {
    return translate();
  } catch (cause) {
    throw new EnvelopeError("BAD_JSON", "not the JSON form of an envelope", { cause });
  }
}
