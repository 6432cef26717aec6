/** Halt: authority and form, never merit. Stopping is easy. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Halt,
  HaltRequestSchema,
  HaltSchema,
  type OpenHalt,
  parseScope,
  SignedSchema,
} from "@countersign/contracts";
import { allows, checkRights, openStored } from "@countersign/envelope";
import { sameBytes } from "./entry.ts";
import type { OpenedPropose, ProposeReading } from "./propose.ts";

/**
 * - `BAD_HALT`: no id, reason or author, a level that is not 1, 2 or 3, or a scope that is none
 * - `MAY_NOT_HALT`: it does not come from its author, or its author may not halt
 */
export type HaltCode = "BAD_HALT" | "MAY_NOT_HALT";

/** The latch that a halt is, or undefined when its form is wrong. */
export function openHaltOf({ haltId, level, scope: text, reason, by }: Halt): OpenHalt | undefined {
  const scope = parseScope(text ?? "");
  if (!haltId || !reason || !by || scope === undefined) return undefined;
  if (level !== 1 && level !== 2 && level !== 3) return undefined;
  return { id: haltId, level, scope };
}

/**
 * Whether the halt comes from its author, who may halt. Its author proposes it, or a validator does for whom the author's own request,
 * the same bytes that Policy and the gate latched on, is attached to the proposal.
 */
export function checkHaltAuthority(halt: Halt, propose: OpenedPropose, reading: ProposeReading): HaltCode | undefined {
  const [request, ...more] = propose.envelope.attached;
  if (request === undefined) {
    const isOwn = propose.key.sender === halt.by && allows(propose.key, { type: "halt.request", topic: CALL });
    return isOwn ? undefined : "MAY_NOT_HALT";
  }
  if (more.length > 0) return "BAD_HALT";
  const opened = openStored(toBinary(SignedSchema, request), reading.keys);
  if (!opened.ok || opened.body.type !== "halt.request") return "MAY_NOT_HALT";
  const nowMs = Number(opened.body.sentAtMs);
  if (checkRights(opened, { ...reading, topic: CALL, nowMs }) !== undefined) return "MAY_NOT_HALT";
  const asked = readHalt(opened.body.payload);
  if (asked === undefined || !sameBytes(toBinary(HaltSchema, asked), toBinary(HaltSchema, halt))) return "BAD_HALT";
  return opened.body.sender === halt.by ? undefined : "MAY_NOT_HALT";
}

/** The halt that the payload of a `halt.request` asks for. */
export function readHalt(payload: Uint8Array): Halt | undefined {
  try {
    return fromBinary(HaltRequestSchema, payload).halt;
  } catch {
    return undefined;
  }
}

const CALL = "HaltService.Halt";
