/** The real Execution on the real host with one order working: the venue's reports come when the test says so. */
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  FillSchema,
  Mode,
  OrderCommandSchema,
  ProposeRequestSchema,
  ProposeResponseSchema,
  RefusedSchema,
} from "@countersign/contracts";
import { openEnvelope } from "@countersign/envelope";
import { parseMoney, parsePrice, parseQuantity } from "@countersign/orders";
import { type Host, MemoryStore, RpcError } from "@countersign/runtime";
import { Rig, type Say } from "@countersign/runtime/testing";
import { makeExecution } from "../../../agents/execution/src/main.ts";
import * as world from "../../../agents/execution/test/world.ts";

/** A buy of 100 AAPL at 190.00 or better. */
const intent = world.intentOf({ mode: Mode.REPLAY });
const { clientOrderId } = world.orderOf(intent);

/** What is needed of its host. */
type Running = Pick<Host<unknown, unknown>, "close" | "report">;

export class WorkingOrder {
  readonly rig: Rig;
  readonly #store = new MemoryStore();
  readonly #said: Awaited<ReturnType<Rig["tap"]>>;
  /** Execution ids of each proposal to the quorum. */
  readonly proposed: string[][] = [];
  /** Whether the quorum books what it is asked; until then it does not answer. */
  books = false;
  #host: Running | undefined;
  #reports = 0;

  private constructor(rig: Rig, said: Awaited<ReturnType<Rig["tap"]>>) {
    this.rig = rig;
    this.#said = said;
  }

  static async open(): Promise<WorkingOrder> {
    const rig = await Rig.open(world.NOW_MS);
    rig.fence = world.OPEN;
    const orders = ["order.accepted", "order.reported", "order.filled"].map((type) => `${type} orders.execution.v1`);
    rig.grant("execution", ...orders, "decision.refused audit.records.v1", "quorum.propose QuorumService.Propose");
    rig.grant("portfolio", "order.intent orders.intent.v1");
    rig.grant("validator-1", "ledger.entry ledger.entries.v1", "quorum.proposed QuorumService.Propose");
    rig.grant("market", "market.quote market.quotes.v1");
    const working = new WorkingOrder(rig, await rig.tap("orders.execution.v1", "audit.records.v1"));
    rig.rpc.serve("QuorumService.Propose", "validator-1", (request) => working.#quorum(request));
    await working.restart();
    for (const said of opening()) await rig.say(said);
    return working;
  }

  /** A process over the store; the one before it is gone. */
  async restart(): Promise<void> {
    await this.#host?.close();
    const clock = { fence: () => this.rig.fence, nowMs: () => this.rig.scheduler.nowMs() };
    const { agent, edge } = makeExecution({ ...world.config, mode: "replay", ...clock });
    this.#host = await this.rig.host(agent, { store: this.#store, edge });
  }

  /** The venue reports these executions of the order, in one breath: 20 shares each. */
  async report(...executionIds: readonly string[]): Promise<void> {
    const facts = { quantity: parseQuantity("20"), price: parsePrice("189.90"), commission: parseMoney("0.10", "USD") };
    const reports = executionIds.map((executionId) => {
      return { type: "filled", clientOrderId, executionId, ...facts, timeMs: world.NOW_MS };
    });
    const id = `report ${++this.#reports}`;
    await this.rig.run(() => this.#host?.report({ id, name: "reports", data: { reports } }));
  }

  /** Execution ids of the fills that were published. */
  get fills(): readonly string[] {
    return this.#payloads("order.filled").map((payload) => fromBinary(FillSchema, payload).executionId ?? "");
  }

  /** "CODE place" of what was refused on record. */
  get refusals(): readonly string[] {
    const refused = this.#payloads("decision.refused").map((payload) => fromBinary(RefusedSchema, payload));
    return refused.map(({ code, place }) => `${code} ${place}`);
  }

  #payloads(type: string): Uint8Array[] {
    return this.#said.flatMap(({ value }) => {
      const opened = openEnvelope(value, this.rig.keys);
      return opened.ok && opened.body.type === type ? [opened.body.payload] : [];
    });
  }

  /** What counts here is what is asked. */
  async #quorum(request: Uint8Array): Promise<Uint8Array> {
    const opened = openEnvelope(request, this.rig.keys);
    if (!opened.ok) throw new Error(opened.code);
    const { opId, content } = fromBinary(ProposeRequestSchema, opened.body.payload);
    if (content.case !== "fills") throw new Error("Execution proposes fills");
    this.proposed.push(content.value.fills.map(({ executionId = "" }) => executionId));
    if (!this.books) throw new RpcError("UNAVAILABLE", "no quorum");
    const payload = create(ProposeResponseSchema, { opId, seq: BigInt(this.proposed.length) });
    const topic = "QuorumService.Propose";
    return this.rig.sealed({ sender: "validator-1", topic, type: "quorum.proposed", payload }).bytes;
  }
}

/** A deposit, a price, and the order. */
function opening(): readonly Say[] {
  const entry = world.depositEntry();
  if (entry.kind !== "message") throw new Error("an entry is a message");
  const submit = world.submitOf(intent);
  const payload = create(OrderCommandSchema, { command: { case: "submit", value: submit } });
  const { value } = world.quote("AAPL", 19_010, 19_020);
  return [
    { sender: "validator-1", topic: "ledger.entries.v1", key: "ledger", type: "ledger.entry", payload: entry.payload },
    { sender: "market", topic: "market.quotes.v1", key: "AAPL", type: "market.quote", payload: value },
    { sender: "portfolio", topic: "orders.intent.v1", key: "main", type: "order.intent", payload },
  ];
}
