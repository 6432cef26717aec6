/** Dead letters as lines. */
import type { DeadLetter, DlqState, LetterReading, WholeLetter } from "@countersign/platform";
import { duration } from "../terminal/duration.ts";
import { whole } from "../terminal/figures.ts";

/** "orders.intent.v1.execution.dlq   2 waiting, the oldest for 3 min   STALE 2   1 put back" */
export function queueLine({ dlq, waiting, redriven, foreign }: DlqState, nowMs: number): string {
  const oldestMs = Math.min(...waiting.map(({ atMs }) => atMs));
  const reasons = [...reasonsOf(waiting)].map(([code, count]) => `${code} ${whole(count)}`).join(", ");
  return [
    dlq,
    waiting.length === 0
      ? "none waiting"
      : `${whole(waiting.length)} waiting, the oldest for ${duration(nowMs - oldestMs)}`,
    reasons,
    redriven.length === 0 ? "" : `${whole(redriven.length)} put back`,
    foreign === 0 ? "" : `${whole(foreign)} that nobody here wrote`,
  ]
    .filter(Boolean)
    .join("   ");
}

export function queueJson({ dlq, waiting, redriven, foreign }: DlqState) {
  const reasons = Object.fromEntries(reasonsOf(waiting));
  return { dlq, reasons, waiting: waiting.map(letterJson), redriven: redriven.map(letterJson), foreign };
}

function letterJson({ atMs, ...letter }: DeadLetter) {
  return { ...letter, offset: Number(letter.offset), at: new Date(atMs).toISOString() };
}

/** "offset 12   STALE at pipeline   key main   for 3 min   from 4/1017" */
export function letterLine({ offset, code, place, key, atMs, from }: DeadLetter, nowMs: number): string {
  const where = place === undefined ? "" : ` at ${place}`;
  const origin = from === undefined ? "" : `   from ${from}`;
  return `offset ${offset}   ${code}${where}   key ${printable(key)}   for ${duration(nowMs - atMs)}${origin}`;
}

/** @param reading undefined where no cluster's folder says whose keys count */
export function wholeLines({ letter, value, headers }: WholeLetter, reading: LetterReading | undefined, nowMs: number) {
  const { dlq, topic, group } = letter;
  const names = Object.entries(headers).map(
    ([name, values]) =>
      `  ${printable(name)}: ${values.map((one) => printable(Buffer.from(one).toString())).join(", ")}`,
  );
  return [
    `${dlq}   ${letterLine(letter, nowMs)}`,
    `refused by ${group}, reading ${topic}; ${new Date(letter.atMs).toISOString()} by the broker's clock`,
    "headers as they came:",
    ...names,
    ...(reading?.ok === true
      ? [`signature holds, key ${reading.keyid}`, ...reading.json.split("\n")]
      : unread(value, reading)),
  ];
}

/** Bytes are in base64: they may be anything. */
export function wholeJson({ letter, value, headers }: WholeLetter, reading: LetterReading | undefined) {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  const opened = reading?.ok === true ? { keyid: reading.keyid, envelope: JSON.parse(reading.json) } : null;
  return {
    ...letterJson(letter),
    headers: Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.map(base64)])),
    value: base64(value),
    opened,
  };
}

function unread(value: Uint8Array, reading: LetterReading | undefined): string[] {
  const why =
    reading === undefined
      ? "not opened: without a cluster's folder (--dir) no key is known"
      : `does not open: ${reading?.ok === false ? reading.code : ""}`;
  return [
    `${why}; ${whole(value.length)} bytes, the first:`,
    Buffer.from(value.subarray(0, HEAD_BYTES)).toString("hex"),
  ];
}

function reasonsOf(letters: readonly DeadLetter[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { code } of letters) counts.set(code, (counts.get(code) ?? 0) + 1);
  return new Map([...counts].toSorted(([, a], [, b]) => b - a));
}

/** What somebody else wrote may hold anything, also what a terminal would obey. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
}

const HEAD_BYTES = 64;
