/** A proposal as it stands in a log entry: the sealed call of whoever asked for it, readable by everybody for ever. */
import { fromBinary } from "@bufbuild/protobuf";
import { BodySchema, type Mode, type ProposeRequest, ProposeRequestSchema, SignedSchema } from "@countersign/contracts";
import {
  checkRights,
  type KeyRecord,
  type Keys,
  type Opened,
  openStored,
  type PipelineCode,
} from "@countersign/envelope";
import { type Entry, type LogName, logFromWire } from "./entry.ts";
import { opIdOf } from "./op-id.ts";

/** Where proposals are read: with the keys of that place in the control log. */
export interface ProposeReading {
  readonly keys: Keys;
  readonly mode: Mode;
}

export interface OpenedPropose {
  readonly ok: true;
  readonly envelope: Opened;
  readonly key: KeyRecord;
  readonly log: LogName;
  readonly opId: string;
  readonly request: ProposeRequest;
  readonly content: ProposeRequest["content"];
}

/**
 * - a pipeline code: the envelope is not authentic, or its sender may not propose
 * - `BAD_PROPOSE`: no ProposeRequest, or one without log or content
 * - `WRONG_OP_ID`: the op id is not that of the content
 */
export type ProposeCode = PipelineCode | "BAD_PROPOSE" | "WRONG_OP_ID";

export interface ProposeRefusal {
  readonly ok: false;
  readonly code: ProposeCode;
}

/** Opens a sealed proposal. It has no age: what has happened stays so. Never throws. */
export function openPropose(bytes: Uint8Array, { keys, mode }: ProposeReading): OpenedPropose | ProposeRefusal {
  const envelope = openStored(bytes, keys);
  if (!envelope.ok) return refuse(envelope.code);
  const { body } = envelope;
  // At its own time: the reader's clock must not change what a log says.
  const nowMs = Number(body.sentAtMs);
  const wrong = checkRights(envelope, { keys, topic: "QuorumService.Propose", mode, nowMs });
  if (wrong !== undefined) return refuse(wrong.code);
  const request = body.type === "quorum.propose" ? readPropose(body.payload) : undefined;
  const log = logFromWire(request?.log);
  const key = keys.find(envelope.keyid);
  if (request === undefined || log === undefined || key === undefined) return refuse("BAD_PROPOSE");
  const { opId, content } = request;
  if (content.case === undefined || opId === undefined) return refuse("BAD_PROPOSE");
  if (opId !== opIdOf(request)) return refuse("WRONG_OP_ID");
  return { ok: true, envelope, key, log, opId, request, content };
}

/**
 * What a sealed proposal says, with nobody's signature checked: for what a certificate vouches for, and for the genesis, whose keys are
 * in it. Undefined when the bytes are none.
 */
export function peekPropose(
  bytes: Uint8Array,
): { readonly request: ProposeRequest; readonly payload: Uint8Array } | undefined {
  try {
    const { payload } = fromBinary(BodySchema, fromBinary(SignedSchema, bytes).payload ?? nothing);
    return payload === undefined ? undefined : { request: fromBinary(ProposeRequestSchema, payload), payload };
  } catch {
    return undefined;
  }
}

/** Of an entry's proposals, in their order: what `Append.opIds` wants. */
export function opIdsOf({ proposes }: Pick<Entry, "proposes">): readonly string[] {
  return proposes.flatMap((bytes) => peekPropose(bytes)?.request.opId ?? []);
}

function readPropose(payload: Uint8Array): ProposeRequest | undefined {
  try {
    return fromBinary(ProposeRequestSchema, payload);
  } catch {
    return undefined;
  }
}

const nothing = new Uint8Array(0);

function refuse(code: ProposeCode): ProposeRefusal {
  return { ok: false, code };
}
