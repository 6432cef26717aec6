/** Several replicas of the real Policy over one PostgreSQL schema: each with its own pool, bus and gRPC server, as in a cluster. */
import { create, fromBinary } from "@bufbuild/protobuf";
import { Mode, type Quote, QuoteSchema, ValidateRequestSchema } from "@countersign/contracts";
import { openEnvelope } from "@countersign/envelope";
import { GrpcRpc } from "@countersign/grpc";
import { openPool } from "@countersign/postgres";
import { emptyCommit, Host, marketMessage, openPostgresStore, type Store } from "@countersign/runtime";
import { openFence, Rig } from "@countersign/runtime/testing";
import { canvas, makePolicy, signPermits } from "../../../agents/policy/src/index.ts";
import { Desk } from "../../../agents/policy/src/testing.ts";
import { type Ask, intentOf, START_MS, signer } from "../../../agents/policy/src/testing-world.ts";

const CALL = "PolicyService.Validate";
export const ACCOUNT = "main";
const QUOTES = { AAPL: [9_999n, 10_000n], SPX: [199_999n, 200_000n] } as const;

export interface Replica {
  readonly rig: Rig;
  readonly store: Store;
  readonly host: Host<unknown, unknown>;
  /** The sealed answer, through gRPC. */
  ask(request: Uint8Array): Promise<Uint8Array>;
}

export interface Replicas extends AsyncDisposable {
  readonly all: readonly Replica[];
  /** What broke inside a server. */
  readonly broken: readonly unknown[];
  /** A desk that knows what every replica knew before the first call: one Policy alone. */
  alone(): Desk;
  /** Every record that was committed, in the order of the commits. */
  records(): Promise<readonly Uint8Array[]>;
  /** A sealed call; each time another envelope, under the intent's own idempotency key. */
  request(ask: Ask): Uint8Array;
}

/** Enough for as many small orders as a test may ask for. */
export const wideRules = [
  { metric: "order_notional", scope: "account", comparator: ">", threshold: "30000", action: "reject" },
];

/** With money, and no prices yet. */
export function fundedDesk(rules: readonly object[]): Desk {
  const desk = new Desk(rules);
  desk.deposit(100_000_000n);
  return desk;
}

export async function openReplicas(
  url: string,
  schema: string,
  rules: readonly object[],
  count: number,
  wrap: (store: Store) => Store = (store) => store,
): Promise<Replicas> {
  const stack = new AsyncDisposableStack();
  const broken: unknown[] = [];
  const desk = fundedDesk(rules);
  const quotes = sealedQuotes(await grantedRig(START_MS));
  const all: Replica[] = [];
  for (let n = 0; n < count; n++) {
    const pool = stack.use(openPool(url, { max: 4, applicationName: `policy ${n}` }));
    const store = wrap(await openPostgresStore(pool, schema));
    const rpc = new GrpcRpc({ listen: "127.0.0.1:0", servers: {}, onError: (error) => void broken.push(error) });
    stack.defer(() => rpc.close(100));
    const caller = new GrpcRpc({ servers: { policy: [await rpc.listen()] } });
    stack.defer(() => caller.close(100));
    // Clocks never agree to the millisecond.
    const rig = await grantedRig(START_MS + n);
    if (n === 0) await store.commit({ ...emptyCommit, aggregate: { key: ACCOUNT, version: 0n, state: desk.state } });
    const host = new Host({
      agent: makePolicy(desk.config),
      edge: signPermits(signer("permit")),
      fold: "together",
      signer: rig.signer("policy"),
      keys: rig.keys,
      mode: Mode.REPLAY,
      store,
      bus: rig.bus,
      rpc,
      fence: { state: () => openFence, onChange: () => {} },
      loop: rig.scheduler,
    });
    await host.start();
    for (const { bytes, body } of quotes) await rig.deliver(body.topic, body.key, bytes, body);
    const ask = (request: Uint8Array) => caller.call(CALL, "policy", request, { deadlineMs: 30_000 });
    all.push({ rig, store, host: host as Replica["host"], ask });
  }
  const callers = all[0]!.rig;
  const request = (ask: Ask) =>
    callers.sealed({
      sender: "portfolio",
      topic: CALL,
      key: ACCOUNT,
      type: "policy.validate",
      idempotencyKey: ask.key ?? "",
      payload: create(ValidateRequestSchema, { intent: intentOf(ask) }),
    }).bytes;
  const alone = () => {
    const one = fundedDesk(rules);
    for (const { bytes, body } of quotes) fold(one, callers, bytes, fromBinary(QuoteSchema, body.payload));
    return one;
  };
  const reader = stack.use(openPool(url, { max: 1, applicationName: "reader" }));
  const records = async () => {
    const { rows } = await reader.query<{ bytes: Uint8Array }>(`select bytes from ${schema}.outbox order by position`);
    return rows.map(({ bytes }) => bytes);
  };
  return { all, broken, alone, records, request, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

export async function grantedRig(startMs: number): Promise<Rig> {
  const rig = await Rig.open(startMs);
  const verdicts = ["permit.issued", "order.rejected", "order.escalated"].map((type) => `${type} risk.policy.v1`);
  rig.grant("policy", ...verdicts, "decision.made audit.records.v1", "decision.refused audit.records.v1");
  rig.grant("portfolio", `policy.validate ${CALL}`);
  rig.grant("market", "market.quote market.quotes.v1");
  await rig.bus.ensureTopics(canvas.observes.map(({ topic }) => ({ topic: `${topic}.policy.dlq`, partitions: 1 })));
  return rig;
}

/** The same bytes for everybody, as a bus brings them. */
export function sealedQuotes(rig: Rig) {
  return Object.entries(QUOTES).map(([symbol, [bid, offer]]) => {
    const size = { bidSizeUnits: 500_000n, askSizeUnits: 500_000n, quantityScale: 2 };
    const eventTimeMs = BigInt(START_MS);
    const payload = create(QuoteSchema, {
      symbol,
      bidUnits: bid,
      askUnits: offer,
      priceScale: 2,
      ...size,
      eventTimeMs,
    });
    return rig.sealed({ sender: "market", topic: "market.quotes.v1", key: symbol, type: "market.quote", payload });
  });
}

function fold({ policy, view }: Desk, rig: Rig, bytes: Uint8Array, quote: Quote): void {
  const opened = openEnvelope(bytes, rig.keys);
  const message = opened.ok ? marketMessage(opened, quote) : undefined;
  if (message === undefined) throw new Error("broken invariant: a quote is a message of the market");
  policy.view.fold(view, message);
}

/** The call inside a sealed request. */
export function callOf({ rig }: Replica, bytes: Uint8Array) {
  const opened = openEnvelope(bytes, rig.keys);
  if (!opened.ok) throw new Error(`broken invariant: ${opened.code}`);
  return { body: opened.body, payload: fromBinary(ValidateRequestSchema, opened.body.payload) };
}
