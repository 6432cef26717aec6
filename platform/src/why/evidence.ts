/** What an explanation stands on: a run's records, sealed quotes and ledger, read and not verified. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary, type JsonValue, type Message } from "@bufbuild/protobuf";
import type { LedgerLine } from "@countersign/agent-validator";
import {
  BodySchema,
  type Quote,
  type QuoteRef,
  QuoteSchema,
  type Signed,
  SignedSchema,
  schemaOf,
} from "@countersign/contracts";
import { envelopeFromJson } from "@countersign/envelope";
import { formatFixed, type Price, price } from "@countersign/orders";
import { InputError } from "../inputs.ts";
import type { Told } from "../told.ts";
import { fact, time, UNKNOWN, type WhyStep } from "./node.ts";

export interface Evidence {
  /** In the order of the log. */
  readonly records: readonly Recorded[];
  /** By msg_id. */
  readonly quotes: ReadonlyMap<string, Quote>;
  readonly ledger: readonly LedgerLine[];
  readonly told: readonly Told[];
}

export interface Recorded {
  readonly body: Said;
  readonly payload: Message;
  readonly attached: readonly Signed[];
}

/** Of a body, what explains. */
export interface Said {
  readonly msgId: string;
  readonly type: string;
  readonly sender: string;
  readonly intent: string;
  readonly causationId: string;
  readonly sentAtMs: bigint;
}

/** Of a run's folder, or throws InputError. */
export function readEvidence(dir: string): Evidence {
  const records: Recorded[] = [];
  for (const line of readLines(dir, "audit.jsonl")) {
    const { envelope } = line as { envelope?: JsonValue };
    const record = envelope === undefined ? undefined : readRecord(envelopeFromJson(envelope));
    if (record !== undefined) records.push(record);
  }
  const quotes = new Map<string, Quote>();
  for (const line of readLines(dir, "quotes.jsonl")) {
    const record = readRecord(envelopeFromJson(line as JsonValue));
    if (record?.payload.$typeName === QuoteSchema.typeName) quotes.set(record.body.msgId, record.payload as Quote);
  }
  const { told } = readJson(dir, "run.json") as { told: readonly Told[] };
  return { records, quotes, ledger: readLines(dir, "ledger.jsonl") as readonly LedgerLine[], told };
}

/** The message in a sealed envelope, nobody's signature checked. Undefined for what is none. */
export function readRecord(bytes: Uint8Array): Recorded | undefined {
  const { payload: bodyBytes, attached } = fromBinary(SignedSchema, bytes);
  const { msgId, type, sender, intent, causationId, sentAtMs, payload } = fromBinary(BodySchema, bodyBytes ?? nothing);
  const schema = schemaOf(type ?? "");
  if (msgId === undefined || type === undefined || sentAtMs === undefined || schema === undefined) return undefined;
  const from = { sender: sender ?? UNKNOWN, intent: intent ?? "", causationId: causationId ?? "" };
  const body = { msgId, type, ...from, sentAtMs };
  return { body, payload: fromBinary(schema, payload ?? nothing), attached };
}

/** A quote that a decision names: what it said, if it was kept. */
export function quoteStep(ref: QuoteRef | undefined, { quotes }: Pick<Evidence, "quotes">, text = ""): WhyStep {
  const quote = quotes.get(ref?.msgId ?? "");
  const [bid, ask] = [side(quote, quote?.bidUnits), side(quote, quote?.askUnits)];
  return {
    step: "quote",
    text: `${ref?.symbol ?? UNKNOWN} ${bid} / ${ask}${text}`,
    ...(quote?.eventTimeMs !== undefined && { atMs: Number(quote.eventTimeMs) }),
    ...(ref?.msgId !== undefined && { record: ref.msgId }),
    facts: [fact("seq", ref?.seq?.toString()), ...(quote === undefined ? [fact("time", time(undefined))] : [])],
  };
}

function side(quote: Quote | undefined, units: bigint | undefined): string {
  if (quote?.priceScale === undefined || units === undefined) return UNKNOWN;
  const value: Price = price(units, quote.priceScale);
  return formatFixed(value);
}

function readLines(dir: string, file: string): readonly unknown[] {
  return readText(dir, file)
    .split("\n")
    .flatMap((line, n) => (line === "" ? [] : [parse(line, `${join(dir, file)}:${n + 1}`)]));
}

function readJson(dir: string, file: string): unknown {
  return parse(readText(dir, file), join(dir, file));
}

function readText(dir: string, file: string): string {
  const path = join(dir, file);
  if (!existsSync(path))
    throw new InputError("NO_SUCH_FILE", `${path} is missing: the run is not whole, make it again`);
  return readFileSync(path, "utf8");
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError("NO_SUCH_FILE", `${place}: it is no JSON: the run was changed, make it again`, { cause });
  }
}

const nothing = new Uint8Array();
