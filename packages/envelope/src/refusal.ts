/** Why the pipeline refuses, in the order of its checks. A refusal is data: it goes to the dead letters with its code. */
const texts = {
  MALFORMED: "the bytes are no envelope in its one canonical form",
  SIGNATURE_COUNT: "exactly one signature is expected",
  UNKNOWN_KEY: "the control log grants no such key",
  BAD_SIGNATURE: "the signature does not verify",
  BODY_MALFORMED: "the signed bytes are no body",
  BODY_INCOMPLETE: "the body lacks a field, or has one out of its range",
  WRONG_PAYLOAD_TYPE: "the signed payload type is not the expected one",
  UNKNOWN_TOPIC: "the catalogue has no such topic or call",
  WRONG_CHAIN_FIELDS: "seq and prev are not those of the topic's delivery class",
  KEY_PENDING: "the key is not active yet",
  KEY_REVOKED: "the key is revoked",
  KEY_COMPROMISED: "the key is revoked as compromised",
  KEY_NOT_YET_VALID: "the key's time has not begun",
  KEY_EXPIRED: "the key's time was over when it signed",
  WRONG_PURPOSE: "the key is granted for another purpose",
  WRONG_SENDER: "the key belongs to another sender",
  NOT_ALLOWED: "the sender may not say this type there",
  WRONG_MODE: "the key is not granted for this mode",
  WRONG_TOPIC: "signed for another topic or call",
  WRONG_RECORD_KEY: "the record key is not the signed one",
  WRONG_HEADER: "a header is not the copy of its signed field",
  STALE: "the command is older than it may be",
  FUTURE: "the command is from the future",
} as const;

export type PipelineCode = keyof typeof texts;

export interface Refusal {
  readonly ok: false;
  readonly code: PipelineCode;
  readonly place: "pipeline";
  /** One sentence for a person. */
  readonly text: string;
}

/** The closed list of codes. */
export const pipelineCodes: readonly PipelineCode[] = Object.keys(texts) as PipelineCode[];

export function refuse(code: PipelineCode): Refusal {
  return { ok: false, code, place: "pipeline", text: texts[code] };
}
