/** For tests: the others on the stage of one real host. What they say is sealed with granted keys, and nothing else of them is there. */
import { create, fromBinary, type Message } from "@bufbuild/protobuf";
import {
  EntryPostedSchema,
  OrderAcceptedSchema,
  OrderIntentSchema,
  OrderReportedSchema,
  type OrderStatus,
  PermitIssuedSchema,
  SignedSchema,
  ValidateRequestSchema,
} from "@countersign/contracts";
import { attach, type EnvelopeBody, headersOf, type Opened, openEnvelope } from "@countersign/envelope";
import { type MarketMessage, MemoryStore } from "@countersign/runtime";
import { Rig } from "@countersign/runtime/testing";
import { depositEntry, type FillOf, fillMessage, grantLedger, START_MS } from "./testing.ts";

export class Stage {
  readonly rig: Rig;
  readonly store = new MemoryStore();
  /** Intents that Policy was asked about. */
  readonly asked: Uint8Array[] = [];

  private constructor(rig: Rig) {
    this.rig = rig;
  }

  static async open(): Promise<Stage> {
    const rig = await Rig.open(START_MS);
    grantLedger(rig.keys);
    rig.grant("market", "market.quote market.quotes.v1", "market.bar market.bars.v1");
    rig.grant("validator-1", "ledger.entry ledger.entries.v1");
    rig.grant("policy", "permit.issued risk.policy.v1");
    const reports = ["order.accepted", "order.reported", "order.filled"];
    rig.grant("execution", ...reports.map((type) => `${type} orders.execution.v1`));
    return new Stage(rig);
  }

  async market(...messages: readonly MarketMessage[]): Promise<void> {
    for (const { type, value } of messages) {
      const topic = type === "market.bar" ? "market.bars.v1" : "market.quotes.v1";
      await this.rig.say({ sender: "market", topic, key: value.symbol ?? "", type, payload: value });
    }
  }

  async deposit(amount: string): Promise<void> {
    const { bytes, votes } = depositEntry(amount);
    const payload = create(EntryPostedSchema, { entry: bytes });
    const topic = "ledger.entries.v1";
    const sealed = this.rig.sealed({ sender: "validator-1", topic, key: "ledger", type: "ledger.entry", payload });
    await this.rig.deliver(topic, "ledger", attach(sealed.bytes, votes), sealed.body);
  }

  /** Policy permits whatever it is asked about: the verdict is the answer, and comes on its topic too. */
  permitAll(): void {
    this.rig.rpc.serve("PolicyService.Validate", "policy", async (request) => {
      const { intent = new Uint8Array() } = fromBinary(ValidateRequestSchema, this.open(request).body.payload);
      this.asked.push(intent);
      const { intentKey = "" } = fromBinary(OrderIntentSchema, intent);
      const permit = create(SignedSchema, { payloadType: "permit", payload: new Uint8Array([1]) });
      const payload = create(PermitIssuedSchema, { intentKey, intent, permit });
      const topic = "risk.policy.v1";
      const verdict = this.rig.sealed({ sender: "policy", topic, key: "main", type: "permit.issued", payload });
      const texts = Object.entries(headersOf(verdict.body)).map(([name, text]) => [name, [Buffer.from(text)]]);
      const headers = Object.fromEntries(texts);
      this.rig.bus.publishNow({ topic, key: Buffer.from("main"), value: verdict.bytes, headers });
      return verdict.bytes;
    });
  }

  accept(intentKey: string): Promise<EnvelopeBody> {
    return this.#report("order.accepted", create(OrderAcceptedSchema, { intentKey }));
  }

  fill(fill: FillOf): Promise<EnvelopeBody> {
    return this.#report("order.filled", fillMessage(fill));
  }

  end(intentKey: string, status: OrderStatus): Promise<EnvelopeBody> {
    return this.#report("order.reported", create(OrderReportedSchema, { intentKey, status }));
  }

  /** What came on these topics from now on. */
  async hear(...topics: readonly string[]): Promise<() => readonly Opened[]> {
    const heard = await this.rig.tap(...topics);
    return () => heard.map(({ value }) => this.open(value));
  }

  open(bytes: Uint8Array): Opened {
    const opened = openEnvelope(bytes, this.rig.keys);
    if (!opened.ok) throw new Error(`does not verify: ${opened.code}`);
    return opened;
  }

  #report(type: string, payload: Message): Promise<EnvelopeBody> {
    return this.rig.say({ sender: "execution", topic: "orders.execution.v1", key: "main", type, payload });
  }
}
