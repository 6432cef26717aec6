/** What three Policies did to one account, read from their tables, and everything that would be wrong with it. */
import { fromBinary } from "@bufbuild/protobuf";
import { PermitIssuedSchema } from "@countersign/contracts";
import { type EnvelopeBody, hex, openEnvelope, sha256 } from "@countersign/envelope";
import { orderFromIntent } from "@countersign/orders";
import { decodeJson, effectsDigest, encodeJson, type JournalEntry } from "@countersign/runtime";
import { reservedTotal } from "../../../agents/policy/src/core/reservation.ts";
import type { PolicyState } from "../../../agents/policy/src/index.ts";
import { ACCOUNT, callOf, type Replicas } from "./policies.ts";

/** Money in hundredths. */
export interface Bounds {
  readonly grossUnits: bigint;
  readonly symbolUnits: bigint;
  readonly permits: number;
}

export interface History {
  readonly records: readonly EnvelopeBody[];
  readonly permits: readonly { readonly intentKey: string; readonly symbol: string; readonly units: bigint }[];
  readonly journal: readonly JournalEntry[];
  readonly state: PolicyState;
  readonly version: bigint;
}

export async function readHistory(replicas: Replicas): Promise<History> {
  const { store, rig } = replicas.all[0]!;
  const records = (await replicas.records()).map((bytes) => {
    const opened = openEnvelope(bytes, rig.keys);
    if (!opened.ok) throw new Error(`broken invariant: ${opened.code}`);
    return opened.body;
  });
  const permits = records.flatMap((body) => {
    if (body.type !== "permit.issued") return [];
    const { intent, intentKey } = fromBinary(PermitIssuedSchema, body.payload);
    const made = orderFromIntent(intent ?? new Uint8Array());
    if (!made.ok || intentKey === undefined) throw new Error("broken invariant: a permit has its intent");
    const { symbol, quantity, limitPrice } = made.order;
    const scale = 10n ** BigInt(quantity.scale + limitPrice.scale - 2);
    return [{ intentKey, symbol, units: (quantity.units * limitPrice.units + scale - 1n) / scale }];
  });
  const journal = (await store.journal(0n, 1_000_000)).map(({ entry }) => decodeJson(entry) as JournalEntry);
  const { state, version } = await store.load(ACCOUNT);
  return { records, permits, journal, state: state as PolicyState, version };
}

/** Each as a sentence; none when the account was safe and its history whole. */
export function problemsOf(
  history: History,
  keys: ReadonlySet<string>,
  bounds: Bounds,
  replicas: Replicas,
): readonly string[] {
  return [
    ...limitProblems(history, bounds),
    ...verdictProblems(history, keys),
    ...chainProblems(history),
    ...orderProblems(history, replicas),
  ];
}

/** By arithmetic of the test's own over what was permitted: nothing was filled or cancelled, so all of it holds capital. */
function limitProblems({ permits, state }: History, bounds: Bounds): readonly string[] {
  const sum = (some: History["permits"]) => some.reduce((total, { units }) => total + units, 0n);
  const total = sum(permits);
  const problems: string[] = [];
  if (total > bounds.grossUnits) problems.push(`LIMIT permitted ${total}, the limit is ${bounds.grossUnits}`);
  for (const [symbol, some] of Map.groupBy(permits, (permit) => permit.symbol))
    if (sum(some) > bounds.symbolUnits) problems.push(`LIMIT permitted ${sum(some)} of ${symbol}`);
  if (permits.length > bounds.permits) problems.push(`LIMIT ${permits.length} permits in a minute`);
  if (reservedTotal(state) !== total) problems.push(`RESERVED ${reservedTotal(state)}, permitted ${total}`);
  return problems;
}

function verdictProblems({ records }: History, keys: ReadonlySet<string>): readonly string[] {
  const verdicts = records.filter(({ topic }) => topic === "risk.policy.v1");
  const found = Map.groupBy(verdicts, ({ idempotencyKey, payload }) => idempotencyKey || hex(sha256(payload)));
  const twice = [...found].filter(([, some]) => some.length > 1).map(([key]) => `VERDICT twice for ${key}`);
  return verdicts.length === keys.size ? twice : [...twice, `VERDICT ${verdicts.length} for ${keys.size} intents`];
}

/** Each record follows the one before it in its chain, and each commit is one version. */
function chainProblems({ records }: History): readonly string[] {
  const problems: string[] = [];
  for (const [chain, bodies] of Map.groupBy(records, ({ topic, key }) => `${topic} ${key}`)) {
    const seqs = bodies.map(({ seq }) => seq);
    if (seqs.some((seq, n) => seq !== BigInt(n + 1))) problems.push(`CHAIN ${chain}: ${seqs.join(" ")}`);
  }
  return problems;
}

/** One Policy alone, asked the same one after the other in the order of the commits, would have decided the same to the byte. */
function orderProblems({ journal, state, version }: History, replicas: Replicas): readonly string[] {
  const { policy, view, state: funded } = replicas.alone();
  let alone = funded;
  for (const [n, entry] of journal.entries()) {
    if (entry.input.kind !== "call") return [`JOURNAL ${n}: ${entry.input.kind}`];
    const { call, bytes } = entry.input;
    const { body, payload } = callOf(replicas.all[0]!, bytes);
    const cause = { msgId: body.msgId, correlationId: body.correlationId };
    const { nowMs, fence, auditTrailing } = entry;
    const input = { kind: "call", call, type: body.type, body, payload } as const;
    const decision = policy.decide(alone, input, { nowMs, view, fence, auditTrailing, cause });
    // The permit's own signature is added after the decision, and is in the digest of neither.
    if (effectsDigest(decision.effects) !== entry.effects)
      return [`ORDER ${n}: one Policy would have decided otherwise`];
    alone = decision.state;
  }
  const problems = encodeJson(alone) === encodeJson(state) ? [] : ["ORDER one Policy would have ended elsewhere"];
  if (version < 2n || version > BigInt(journal.length + 1)) return [...problems, `VERSION ${version}`];
  return problems;
}
