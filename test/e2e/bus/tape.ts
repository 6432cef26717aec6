/**
 * What the brokers of a cluster hold about orders, read by somebody who believes nobody: certified entries by their votes, messages by the
 * keys that those entries grant. The fence, the ledger and the messages are the platform's own code; which order is whole is said here.
 */
import { fromBinary, type JsonValue } from "@bufbuild/protobuf";
import { readLedger } from "@countersign/agent-validator";
import {
  BodySchema,
  EntryPostedSchema,
  FillSchema,
  OrderAcceptedSchema,
  OrderReportedSchema,
  OrderStatus,
  SignedSchema,
} from "@countersign/contracts";
import { type EnvelopeBody, openEnvelope } from "@countersign/envelope";
import {
  FenceReader,
  genesisDigest,
  type LogName,
  type LogRecord,
  logNames,
  MemoryQuorumLog,
  recordOf,
  votesOf,
} from "@countersign/quorum";
import { modes } from "../../../platform/src/agents.ts";
import { instruments } from "../../../platform/src/processes/agent.ts";
import type { ClusterSpec } from "../../../platform/src/processes/cluster.ts";

/** Of one order that the venue took. */
export interface SentOrder {
  readonly clientOrderId: string;
  readonly correlationId: string;
  readonly acceptedMs: number;
  readonly fills: readonly string[];
  /** When it was filled whole, cancelled or refused. */
  readonly endedMs: number | undefined;
}

/** What was permitted and sent to Execution, and what it has said of it. */
export interface SentIntent {
  readonly key: string;
  readonly sentMs: number;
  /** `accepted`, or the code it was refused with; undefined: nothing yet. */
  readonly answer: string | undefined;
}

export interface Books {
  readonly entries: number;
  /** Ids of all fills that are booked, each once. */
  readonly fills: ReadonlySet<string>;
  /** After the last entry; of each entry it is deposits + realised + unrealised − fees, and cash + positions. */
  readonly equity: string;
}

export class Tape {
  readonly #genesis: Uint8Array;
  readonly #spec: Pick<ClusterSpec, "mode" | "genesis">;
  readonly #fence: FenceReader;
  readonly #places = new Set<string>();
  readonly #waiting: Uint8Array[] = [];
  readonly #bodies: EnvelopeBody[] = [];
  readonly #posted = { control: new Map<bigint, LogRecord>(), ledger: new Map<bigint, LogRecord>() } as const;

  constructor(spec: Pick<ClusterSpec, "mode" | "genesis">) {
    this.#spec = spec;
    this.#genesis = Buffer.from(spec.genesis, "base64");
    this.#fence = new FenceReader({ genesisDigest: genesisDigest(this.#genesis) });
  }

  /** A line of the tap; one that was heard before changes nothing. */
  hear(line: string): void {
    const [topic, partition, offset, base64] = JSON.parse(line) as readonly [string, number, number, string];
    const place = `${topic} ${partition} ${offset}`;
    if (this.#places.has(place)) return;
    this.#places.add(place);
    const value = Buffer.from(base64, "base64");
    if (topic === "control.halt.v1") this.#post("control", value);
    else if (topic === "ledger.entries.v1") this.#post("ledger", value);
    else this.#waiting.push(value);
  }

  /** Said by whom the control log has granted it, in the order in which it was heard. */
  bodies(): readonly EnvelopeBody[] {
    // A key may be granted by an entry that is heard after what it signs.
    for (const value of this.#waiting.splice(0)) {
      const opened = openEnvelope(value, this.#fence.keys);
      if (opened.ok) this.#bodies.push(opened.body);
      else if (opened.code === "UNKNOWN_KEY") this.#waiting.push(value);
    }
    return this.#bodies;
  }

  halts(): readonly string[] {
    return this.#fence.state().halts.map(({ id }) => id);
  }

  orders(): readonly SentOrder[] {
    return ordersOf(this.bodies());
  }

  intents(): readonly SentIntent[] {
    return intentsOf(this.bodies());
  }

  /** The ledger from its first entry. @throws where an entry is not certified, not chained, or the books do not balance */
  async books(): Promise<Books> {
    const log = new MemoryQuorumLog();
    for (const name of logNames) await fill(log, name, this.#posted[name]);
    const mode = modes[this.#spec.mode];
    const lines = await readLedger({ log, genesis: this.#genesis, mode, instruments: instruments() });
    const booked = lines.flatMap(({ proposes }) => proposes.flatMap(({ fills = [] }) => fills.map(fillId)));
    const twice = booked.filter((id, n) => booked.indexOf(id) !== n);
    if (twice.length > 0) throw new Error(`booked twice: ${twice.join(", ")}`);
    const identity = lines.flatMap(({ proposes }) => proposes).at(-1)?.identity;
    return { entries: lines.length, fills: new Set(booked), equity: identity?.equity ?? "—" };
  }

  #post(log: LogName, value: Uint8Array): void {
    const posted = readPosted(value);
    if (posted === undefined) return;
    // A validator that comes back may say an entry again.
    this.#posted[log].set(posted.seq, posted);
    if (log === "control") this.#fence.apply(posted.entry, votesOf(posted));
  }
}

function readPosted(value: Uint8Array): LogRecord | undefined {
  const { payload, attached } = fromBinary(SignedSchema, value);
  const body = fromBinary(BodySchema, payload ?? new Uint8Array());
  const { entry = new Uint8Array() } = fromBinary(EntryPostedSchema, body.payload ?? new Uint8Array());
  return recordOf(entry, attached);
}

async function fill(log: MemoryQuorumLog, name: LogName, posted: ReadonlyMap<bigint, LogRecord>): Promise<void> {
  for (const { seq, ...record } of [...posted.values()].sort((a, b) => Number(a.seq - b.seq))) {
    const expectedHead = await log.head(name);
    if (expectedHead.seq + 1n !== seq) throw new Error(`${name} log: entry ${expectedHead.seq + 1n} was never posted`);
    await log.append({ log: name, expectedHead, opIds: [], ...record });
  }
}

/** What Execution has said of each order, by the order's own id. */
function ordersOf(bodies: readonly EnvelopeBody[]): readonly SentOrder[] {
  const orders = new Map<string, { -readonly [K in keyof SentOrder]: SentOrder[K] }>();
  for (const { type, payload, correlationId, sentAtMs } of bodies) {
    if (type === "order.accepted") {
      const { clientOrderId = "" } = fromBinary(OrderAcceptedSchema, payload);
      const order = { clientOrderId, correlationId, acceptedMs: Number(sentAtMs), fills: [], endedMs: undefined };
      if (!orders.has(clientOrderId)) orders.set(clientOrderId, order);
    } else if (type === "order.filled") {
      const { clientOrderId = "", fillId = "" } = fromBinary(FillSchema, payload);
      const order = orders.get(clientOrderId);
      if (order !== undefined && !order.fills.includes(fillId)) order.fills = [...order.fills, fillId];
    } else if (type === "order.reported") {
      const { clientOrderId = "", status } = fromBinary(OrderReportedSchema, payload);
      const order = orders.get(clientOrderId);
      if (order !== undefined && status !== undefined && ENDS.has(status)) order.endedMs = Number(sentAtMs);
    }
  }
  return [...orders.values()];
}

/** One that is said again, after a crash, is the same intent. */
function intentsOf(bodies: readonly EnvelopeBody[]): readonly SentIntent[] {
  const answers = new Map<string, string>();
  for (const { type, payload } of bodies) {
    if (type === "order.accepted") answers.set(fromBinary(OrderAcceptedSchema, payload).intentKey ?? "", "accepted");
    if (type !== "order.reported") continue;
    const { intentKey = "", code } = fromBinary(OrderReportedSchema, payload);
    if (code !== undefined && !answers.has(intentKey)) answers.set(intentKey, code);
  }
  const sent = new Map<string, SentIntent>();
  for (const { type, idempotencyKey: key, sentAtMs } of bodies)
    if (type === "order.intent" && !sent.has(key))
      sent.set(key, { key, sentMs: Number(sentAtMs), answer: answers.get(key) });
  return [...sent.values()];
}

const ENDS: ReadonlySet<OrderStatus> = new Set([
  OrderStatus.FILLED,
  OrderStatus.CANCELED,
  OrderStatus.EXPIRED,
  OrderStatus.REJECTED,
  OrderStatus.NOT_SENT,
]);

function fillId(fill: JsonValue): string {
  return typeof fill === "object" && fill !== null && !Array.isArray(fill) ? String(fill.fillId) : "";
}
