/**
 * The file: one JSON object a line, records first in the order of their leaves, then the checkpoints over them.
 *
 *     {"index":0,"topic":"control.halt.v1","envelope":{"payloadType":…,"payload":…,"signatures":[…],"attached":[…]}}
 *     {"checkpoint":"countersign/demo\n1\n…\n\n— countersign/demo …\n"}
 *
 * A line has one spelling, the exporter's: what is read must give the same text when it is written again. So there is no byte in the
 * file that means nothing, and none can be changed without being noticed.
 */
import type { JsonValue } from "@bufbuild/protobuf";
import { envelopeFromJson, envelopeToJson } from "@countersign/envelope";
import { AuditError } from "./error.ts";

export type AuditLine =
  | { readonly kind: "record"; readonly index: number; readonly topic: string; readonly envelope: Uint8Array }
  | { readonly kind: "checkpoint"; readonly note: string };

/** Without the newline. Throws EnvelopeError `BAD_JSON` when the bytes are no envelope. */
export function writeLine(line: AuditLine): string {
  if (line.kind === "checkpoint") return JSON.stringify({ checkpoint: line.note });
  const { index, topic, envelope } = line;
  return JSON.stringify({ index, topic, envelope: envelopeToJson(envelope) });
}

/** `number` counts from 1. Throws `BAD_LINE`. */
export function readLine(text: string, number: number): AuditLine {
  const line = parseLine(text);
  if (line === undefined) throw badLine(number, "is no record and no checkpoint");
  if (writeLine(line) !== text) throw badLine(number, "is not written as the exporter writes it");
  return line;
}

/** The lines of a file's bytes. Throws `BAD_FILE`. */
export function* auditLines(file: Uint8Array): Generator<string> {
  for (let start = 0, number = 1; start < file.length; number++) {
    const end = file.indexOf(NEWLINE, start);
    if (end < 0) throw new AuditError("BAD_FILE", `line ${number}: the file ends inside it. ${EXPORT_AGAIN}`);
    yield decodeUtf8(file.subarray(start, end), number);
    start = end + 1;
  }
}

export function badLine(number: number, what: string): AuditError {
  return new AuditError("BAD_LINE", `line ${number}: it ${what}. ${EXPORT_AGAIN}`);
}

const EXPORT_AGAIN = "The file was cut, changed or edited: export it again";
const NEWLINE = 10;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array, number: number): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new AuditError("BAD_FILE", `line ${number}: it is no UTF-8 text. ${EXPORT_AGAIN}`, { cause });
  }
}

function parseLine(text: string): AuditLine | undefined {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== "object" || json === null) return undefined;
    if ("checkpoint" in json && typeof json.checkpoint === "string")
      return { kind: "checkpoint", note: json.checkpoint };
    if (!("index" in json && "topic" in json && "envelope" in json)) return undefined;
    const { index, topic, envelope } = json;
    if (typeof index !== "number" || typeof topic !== "string") return undefined;
    return { kind: "record", index, topic, envelope: envelopeFromJson(envelope as JsonValue) };
  } catch {
    // Whatever is wrong inside, for the reader of the file the line is what is wrong.
    return undefined;
  }
}
