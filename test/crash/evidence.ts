/**
 * What is left when the nemesis has had its time: the venue's own record, the log of the ledger, what each agent committed, what the audit
 * log holds, and what lies in dead-letter queues. Read from files, tables and topics, not from the platform's memory.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { auditLines, verifyAudit } from "@countersign/audit";
import type { Fill, OrderAccepted, OrderReported } from "@countersign/contracts";
import { OrderStatus } from "@countersign/contracts";
import {
  cloneFile,
  Dlqs,
  type KafkaAddress,
  lastCosigned,
  openQuorumLog,
  type ReplayReport,
  type RunningCluster,
  readRecord,
  readSpec,
} from "@countersign/platform";
import { openPool } from "@countersign/postgres";
import { peekPropose, readEntry } from "@countersign/quorum";

export interface Evidence extends Gathered, Reread {}

/** Of the stores and topics. */
export interface Gathered {
  /** Client order ids in the order in which the venue got them, refused ones too. */
  readonly sent: readonly string[];
  /** Execution ids of the venue's trades. */
  readonly traded: readonly string[];
  /** Intent keys of the orders that still work at the venue: the market has ended before they met a quote. */
  readonly working: readonly string[];
  /** Execution ids of the fills in the ledger's log, entry by entry. */
  readonly booked: readonly string[];
  /** Intent keys of the orders that Execution accepted. */
  readonly accepted: readonly string[];
  /** Intent keys of the orders that Execution said were over, once for each time it said so. */
  readonly ended: readonly string[];
  /** Of the fills that Execution published. */
  readonly filled: readonly string[];
  /** Message ids of all records that the agents committed. */
  readonly committed: readonly string[];
  /** Of those, what is not marked as published. */
  readonly unpublished: readonly string[];
  /** Message ids of the audit log's leaves. */
  readonly leaves: readonly string[];
  /** How many of them are under a checkpoint that a majority of the validators has cosigned. */
  readonly cosigned: number;
  /** Why Execution has closed the account, if it has. */
  readonly closed: readonly string[];
  /** What lies in dead-letter queues; code "" where no reason is given. */
  readonly kept: readonly { readonly queue: string; readonly code: string }[];
}

/** Of what was written down, by those who read it alone. */
export interface Reread {
  /** Of the audit log's verifier: chains, certificates, signatures, the tree. */
  readonly audit: readonly string[];
  /** Of the script that adds up the books once more and shares no code with the platform. */
  readonly ledger: readonly string[];
  /** Decisions that came out otherwise when their journal was put before the agent again. */
  readonly differing: readonly string[];
  readonly decisions: number;
}

const SENDERS = ["signal", "portfolio", "hedger", "policy", "execution", "operator", "compliance"];
const VALIDATORS = ["validator_1", "validator_2", "validator_3"];

/** @param brokers false: they are away, and neither dead letters nor checkpoints are asked for */
export async function gather(
  dir: string,
  { postgresUrl, kafka }: Pick<RunningCluster, "postgresUrl" | "kafka">,
  { brokers = true }: { readonly brokers?: boolean } = {},
): Promise<Gathered> {
  const pool = openPool(postgresUrl, { max: 2, applicationName: "crash checker" });
  try {
    const rows = async <R extends object>(text: string) => (await pool.query<R>(text)).rows;
    const outbox: { msg_id: string; bytes: Uint8Array; published: boolean; sender: string }[] = [];
    for (const sender of [...SENDERS, ...VALIDATORS])
      for (const row of await rows<{ msg_id: string; bytes: Uint8Array; published: boolean }>(
        `select msg_id, bytes, published from ${sender}.outbox where kind = 'publish' order by position`,
      ))
        outbox.push({ ...row, sender });
    const said = outbox.filter(({ sender }) => sender === "execution").flatMap(({ bytes }) => readRecord(bytes) ?? []);
    const payloads = <P>(type: string) =>
      said.filter(({ body }) => body.type === type).map(({ payload }) => payload as P);
    const reported = payloads<OrderReported>("order.reported");
    const log = await openQuorumLog(dir, readSpec(dir), pool);
    const entries = await log.read("ledger", 0n, 1_000_000).finally(() => log.close());
    const leaves = await rows<{ bytes: Uint8Array }>(
      "select bytes from compliance.streams where stream = 'leaves' order by seq",
    );
    const [account] = await rows<{ state: string }>(
      `select state from execution.aggregates where key = '${readSpec(dir).account}'`,
    );
    return {
      ...venueRecord(join(dir, "exchange", "record.jsonl")),
      booked: entries.flatMap(({ entry }) => executionsOf(entry)),
      accepted: payloads<OrderAccepted>("order.accepted").map(({ intentKey }) => intentKey ?? ""),
      ended: reported.filter(({ status }) => TERMINAL.has(status ?? 0)).map(({ intentKey }) => intentKey ?? ""),
      filled: payloads<Fill>("order.filled").map(({ executionId }) => executionId ?? ""),
      committed: outbox.map(({ msg_id }) => msg_id),
      unpublished: outbox.filter(({ published }) => !published).map(({ msg_id }) => msg_id),
      leaves: leaves.flatMap(({ bytes }) => readRecord(bytes)?.body.msgId ?? []),
      closed: account === undefined ? [] : JSON.parse(account.state).closed.map(({ text }: { text: string }) => text),
      cosigned: brokers ? Number((await lastCosigned(kafka))?.size ?? 0n) : 0,
      kept: brokers ? await deadLetters(kafka) : [],
    };
  } finally {
    await pool.close();
  }
}

export function readExport(folder: string, { decisions, differing }: ReplayReport): Reread {
  const verdict = verifyAudit(auditLines(readFileSync(join(folder, "audit.jsonl"))));
  const books = spawnSync(process.execPath, [cloneFile("scripts/recompute-ledger.ts"), folder], { encoding: "utf8" });
  const said = `${books.stdout}${books.stderr}`.trim().split("\n");
  return {
    audit: verdict.findings.map(({ code, text }) => `${code}: ${text}`),
    ledger: books.status === 0 ? [] : said,
    differing: differing.map(({ agent, n, what }) => `${agent}'s decision ${n}: ${what}`),
    decisions: Object.values(decisions).reduce((sum, n) => sum + n, 0),
  };
}

async function deadLetters(kafka: KafkaAddress): Promise<Gathered["kept"]> {
  await using queues = new Dlqs(kafka);
  const kept: { queue: string; code: string }[] = [];
  for (const queue of await queues.used()) {
    const { waiting, redriven, foreign } = await queues.read(queue);
    const codes = [...[...waiting, ...redriven].map(({ code }) => code), ...Array<string>(foreign).fill("")];
    kept.push(...codes.map((code) => ({ queue, code })));
  }
  return kept;
}

const TERMINAL: ReadonlySet<number> = new Set([
  OrderStatus.FILLED,
  OrderStatus.CANCELED,
  OrderStatus.REJECTED,
  OrderStatus.EXPIRED,
  OrderStatus.NOT_SENT,
]);

/** One line an execution report, its checksum in front. */
function venueRecord(path: string): Pick<Gathered, "sent" | "traded" | "working"> {
  const lines = readFileSync(path, "utf8").split("\n").filter(Boolean);
  const reports = lines.map((line) => JSON.parse(line.slice(line.indexOf(" ") + 1)));
  const last = new Map(reports.map(({ orderID, ordStatus }) => [orderID, ordStatus]));
  const placed = reports.filter(({ order }) => order !== undefined);
  return {
    sent: placed.map(({ clOrdID }) => clOrdID),
    traded: reports.filter(({ execType }) => execType === "TRADE").map(({ execID }) => String(execID)),
    working: placed
      .filter(({ orderID }) => ["NEW", "PARTIALLY_FILLED"].includes(last.get(orderID)))
      .map(({ order }) => order.attribution.intentKey),
  };
}

function executionsOf(bytes: Uint8Array): readonly string[] {
  const entry = readEntry(bytes);
  return (entry?.proposes ?? []).flatMap((propose) => {
    const content = peekPropose(propose)?.request.content;
    return content?.case === "fills" ? content.value.fills.map(({ executionId }) => executionId ?? "") : [];
  });
}
