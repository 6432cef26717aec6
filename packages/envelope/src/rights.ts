/** May this signer say this here? Pure; checked by every reader, also of bytes that another reader of the process has opened. */
import { KeyPurpose, type Mode } from "@countersign/contracts";
import { type Headers, headersMatch } from "./headers.ts";
import { allows, type Keys, keyStateCode } from "./keyring.ts";
import type { Opened } from "./open.ts";
import { type Refusal, refuse } from "./refusal.ts";

/** Where and by whom an envelope is being read. */
export interface Reading {
  readonly keys: Keys;
  /** The topic it was delivered on, or the call it came by. */
  readonly topic: string;
  /** Of the delivered record; a call has none. */
  readonly recordKey?: string | undefined;
  /** Of the delivered record: those that copy a signed field are compared with it. */
  readonly headers?: Headers | undefined;
  readonly mode: Mode;
  /** Decision time, ms. */
  readonly nowMs: number;
}

/** The first thing that is not allowed, or undefined. */
export function checkRights({ body, keyid }: Opened, reading: Reading): Refusal | undefined {
  const { keys, topic, recordKey, headers, mode, nowMs } = reading;
  const key = keys.find(keyid);
  // It was granted where it was opened; this reader's keyring may be behind.
  if (key === undefined) return refuse("UNKNOWN_KEY"); // P07.granted-here
  const wrongState = keyStateCode(key, Number(body.sentAtMs), nowMs);
  if (wrongState !== undefined) return refuse(wrongState); // P07.keystate
  if (key.purpose !== KeyPurpose.ENVELOPE) return refuse("WRONG_PURPOSE"); // P07.purpose
  if (key.sender !== body.sender) return refuse("WRONG_SENDER"); // P07.sender
  if (!allows(key, body)) return refuse("NOT_ALLOWED"); // P07.right
  if (!key.modes.has(mode)) return refuse("WRONG_MODE"); // P07.mode
  if (body.topic !== topic) return refuse("WRONG_TOPIC"); // P07.topic
  if (recordKey !== undefined && recordKey !== body.key) return refuse("WRONG_RECORD_KEY"); // P07.key
  if (headers !== undefined && !headersMatch(headers, body)) return refuse("WRONG_HEADER"); // P07.headers
  return undefined;
}
