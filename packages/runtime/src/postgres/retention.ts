/**
 * How long an agent's tables keep what they need for others. In one order, for each topic: what guards (inbox) longer than what can be
 * published again (outbox), and that longer than what can be read again (topic). So a record that comes once more, from a topic read from
 * its beginning, from a dead letter queue or from the outbox, is always known; and a topic that is lost can be published again whole.
 *
 * For ever: claims (an id is taken once), aggregates, chains, streams; and the journal, because a replay makes every decision again
 * beginning with the first. A row of the outbox that is not published is kept however old it is.
 */
import { topics } from "@countersign/contracts";
import type { Pool } from "@countersign/postgres";

export interface Retention {
  /** Of every message that was acted on, whatever its topic: the inbox does not know it. */
  readonly inboxDays: number;
  /** Of calls that were answered; the caller alone asks again, and only while it has no answer. */
  readonly callDays: number;
  /** A letter may lie so long in a dead letter queue before it is put back on its topic. */
  readonly letterDays: number;
  /** Of published records, by topic: each record topic has a row. Market topics have no outbox. */
  readonly outboxDays: Readonly<Record<string, number>>;
}

export const retention: Retention = {
  inboxDays: 420,
  callDays: 30,
  letterDays: 30,
  outboxDays: {
    "signals.market.v1": 37,
    "orders.intent.v1": 14,
    "orders.execution.v1": 97,
    "risk.policy.v1": 97,
    "hedges.v1": 37,
    "approvals.request.v1": 37,
    "approvals.decision.v1": 37,
    "control.halt.v1": 372,
    "ledger.entries.v1": 372,
    "audit.records.v1": 372,
  },
};

interface TopicDays {
  readonly topic: string;
  readonly delivery: "market" | "record";
  readonly retentionDays: number;
}

/** What is wrong with the order, each as a sentence that names the topic; none when all is well. */
export function retentionProblems(
  { inboxDays, callDays, letterDays, outboxDays }: Retention = retention,
  catalogue: readonly TopicDays[] = topics,
): readonly string[] {
  const problems: string[] = [];
  if (callDays >= inboxDays)
    problems.push(`calls are kept ${callDays} days, the inbox ${inboxDays}: it must be longer`);
  for (const { topic, delivery, retentionDays } of catalogue) {
    if (delivery !== "record") continue;
    const outbox = outboxDays[topic];
    if (outbox === undefined) {
      problems.push(`${topic}: no row says how long the outbox keeps it`);
      continue;
    }
    if (outbox <= retentionDays)
      problems.push(
        `${topic}: the outbox keeps it ${outbox} days, the topic ${retentionDays}: the outbox must be longer`,
      );
    const replayable = Math.max(outbox, retentionDays + letterDays);
    if (inboxDays <= replayable)
      problems.push(`${topic}: it may come again for ${replayable} days, the inbox knows it for ${inboxDays}: longer`);
  }
  const known = new Set(catalogue.map(({ topic }) => topic));
  for (const topic of Object.keys(outboxDays)) if (!known.has(topic)) problems.push(`${topic}: no such topic`);
  return problems;
}

export interface Pruned {
  readonly inbox: number;
  readonly outbox: number;
}

/** Rows in one statement: few enough that nobody waits for it. */
const BATCH = 10_000;

/**
 * Deletes what is older than the table says. May run beside everything else, and on several replicas at once.
 * @param now by the clock that made the rows' times: PostgreSQL's
 */
export async function prune(pool: Pool, schema: string, now: Date): Promise<Pruned> {
  const before = (days: number) => new Date(now.getTime() - days * 86_400_000);
  const some = async (table: "inbox" | "outbox", conditions: string[], values: readonly (string | Date)[]) => {
    // What is not on the bus, or not answered, is nowhere else.
    if (table === "outbox") conditions.push("published"); // P12.prune
    const text = `delete from ${schema}.${table} where ctid = any (array(
      select ctid from ${schema}.${table} where ${conditions.join(" and ")} limit ${BATCH} for update skip locked))`;
    let total = 0;
    for (let count = BATCH; count === BATCH; total += count) count = (await pool.query(text, values)).rowCount;
    return total;
  };
  const inbox = await some("inbox", ["at < $1"], [before(retention.inboxDays)]);
  let outbox = await some("outbox", ["kind = 'call'", "at < $1"], [before(retention.callDays)]);
  for (const [topic, days] of Object.entries(retention.outboxDays)) {
    const conditions = ["kind = 'publish'", "topic = $1", "at < $2"];
    outbox += await some("outbox", conditions, [topic, before(days)]);
  }
  return { inbox, outbox };
}
