/** A platform of one real agent, Compliance, in a real host; everybody else is a signer who says what the test wants. */
import { create, fromBinary, type Message } from "@bufbuild/protobuf";
import { exportAudit } from "@countersign/audit";
import {
  type Checkpoint,
  EntryPostedSchema,
  type Genesis,
  GenesisSchema,
  KeyPurpose,
  KeyState,
  Mode,
  type ProposeRequest,
  ProposeRequestSchema,
  QuoteSchema,
  schemaOf,
  TypeGrantSchema,
} from "@countersign/contracts";
import { attach, deriveSigner, Keyring, makeGrant, openEnvelope, type Signer } from "@countersign/envelope";
import { parseInstruments } from "@countersign/orders";
import { buildEntry, type Entry, emptyHead, type Head, logToWire, opIdOf, signVote } from "@countersign/quorum";
import { type Host, MemoryStore, type Store } from "@countersign/runtime";
import { Rig, type Say } from "@countersign/runtime/testing";
import { type ComplianceState, type Cosigners, canvas, type MarketView, makeCompliance } from "../src/index.ts";
import { Witnesses } from "./witnesses.ts";

export const startMs = Date.UTC(2015, 5, 1, 14);
export const checkpointSigner = deriveSigner(new Uint8Array(32).fill(5), "checkpoint");
export const instruments = parseInstruments([
  {
    symbol: "AAPL",
    currency: "USD",
    priceScale: 2,
    tick: "0.01",
    quantityScale: 0,
    lot: "1",
    halfSpread: "0.01",
    topSize: "5000",
    feePerUnit: "0.005",
    tradingDaysPerYear: 252,
    tradingHoursPerDay: 6.5,
  },
]);

export const validators = ["validator-1", "validator-2", "validator-3"];
const cosigned = "quorum.cosigned QuorumService.Cosign";
const rights: Readonly<Record<string, readonly string[]>> = {
  compliance: [
    ...canvas.publishes.flatMap(({ topic, types }) => types.map((type) => `${type} ${topic}`)),
    "quorum.cosign-request QuorumService.Cosign",
  ],
  operator: ["quorum.propose QuorumService.Propose"],
  market: ["market.quote market.quotes.v1"],
  signal: ["market.signal signals.market.v1"],
  owner: ["decision.made audit.records.v1"],
  policy: ["permit.issued risk.policy.v1", "order.rejected risk.policy.v1", "order.escalated risk.policy.v1"],
  hedger: ["hedge.placed hedges.v1"],
  execution: [
    "order.accepted orders.execution.v1",
    "order.reported orders.execution.v1",
    "order.filled orders.execution.v1",
    "decision.refused audit.records.v1",
  ],
  "validator-1": ["control.entry control.halt.v1", "ledger.entry ledger.entries.v1", cosigned],
  "validator-2": [cosigned],
  "validator-3": [cosigned],
};

type Content = ProposeRequest["content"];

export class Day {
  readonly rig: Rig;
  readonly store: Store;
  readonly compliance = makeCompliance({
    signer: checkpointSigner,
    account: "main",
    instruments,
    keys,
    mode: Mode.REPLAY,
  });
  readonly checkpoints: Checkpoint[] = [];
  readonly witnesses: Witnesses;
  readonly cosigners: Cosigners;
  /** Validators that refuse to cosign. */
  readonly refusing: string[] = [];
  readonly #heads = new Map<string, Head>();
  #host: Host<ComplianceState, MarketView> | undefined;
  #seen: Awaited<ReturnType<Rig["tap"]>> = [];
  #followed = 0;

  private constructor(rig: Rig, store: Store) {
    this.rig = rig;
    this.store = store;
    this.witnesses = new Witnesses(rig, validators, cosigningSigner, keys);
    this.cosigners = this.compliance.cosigners({
      ...{ name: "compliance", validators, keys, mode: Mode.REPLAY, store, rpc: rig.rpc },
      signer: rig.signer("compliance"),
      nowMs: () => rig.scheduler.nowMs(),
      say: async (effect) => this.#host?.say(effect),
      onRefused: (validator, code) => this.refusing.push(`${validator} ${code}`),
    });
  }

  /** On an empty store, with the genesis posted; `rig`: a new life of the agent in the same world. */
  static async open({
    store = new MemoryStore() as Store,
    withGenesis = true,
    rig = undefined as Rig | undefined,
  } = {}) {
    const day = new Day(rig ?? (await Rig.open(startMs)), store);
    if (rig === undefined) for (const [sender, says] of Object.entries(rights)) day.rig.grant(sender, ...says);
    const seen = await day.rig.tap("audit.checkpoint.v1");
    day.#seen = seen;
    const { agent, edge } = day.compliance;
    const host = await day.rig.host(agent, { store, edge, fold: "step" });
    day.#host = host;
    day.rig.scheduler.onStepEnd(async () => {
      if (day.#host === undefined || !host.hasWaiting) return;
      await host.tick();
      await host.flush();
      await day.rig.scheduler.post(() => day.#follow());
    });
    if (withGenesis) await day.postGenesis();
    return day;
  }

  postGenesis(): Promise<void> {
    return this.post({ case: "genesis", value: genesis });
  }

  async close(): Promise<void> {
    await this.#host?.close();
    this.#host = undefined;
  }

  say(sender: string, topic: string, key: string, type: string, payload: Message) {
    return this.rig.say({ sender, topic, key, type, payload } satisfies Say);
  }

  /** Seconds after the start. */
  async quote(atS: number, bid: bigint, ask: bigint, symbol = "AAPL"): Promise<string> {
    const timeMs = startMs + atS * 1_000;
    const eventTimeMs = BigInt(timeMs);
    const payload = create(QuoteSchema, { symbol, bidUnits: bid, askUnits: ask, priceScale: 2, eventTimeMs });
    await this.rig.run(() => {}, timeMs);
    return (await this.say("market", "market.quotes.v1", symbol, "market.quote", payload)).msgId;
  }

  /** Told by a validator, with the votes of two. */
  async post(content: Content, voters: readonly string[] = validators.slice(0, 2)): Promise<void> {
    const { log, seq, digest, bytes: entry } = this.skip(content);
    const place = { log, seq, round: 0, membersVersion: 1n, entryDigest: digest };
    const votes = voters.map((validator) => signVote({ ...place, validator }, voteSigner(validator)));
    const topic = log === "ledger" ? "ledger.entries.v1" : "control.halt.v1";
    const payload = create(EntryPostedSchema, { entry });
    const say = { sender: "validator-1", topic, key: log, type: `${log}.entry`, payload };
    const { bytes, body } = this.rig.sealed(say);
    await this.rig.deliver(topic, log, attach(bytes, votes), body);
  }

  /** An entry that nobody tells of. */
  skip(content: Content): Entry {
    const log = content.case === "deposit" || content.case === "fills" ? "ledger" : "control";
    const payload = create(ProposeRequestSchema, { opId: opIdOf({ content })!, log: logToWire(log), content });
    const say = { sender: "operator", topic: "QuorumService.Propose", type: "quorum.propose", payload };
    const entry = buildEntry(log, this.#heads.get(log) ?? emptyHead, [this.rig.sealed(say).bytes]);
    this.#heads.set(log, entry);
    return entry;
  }

  /** The log's envelopes, in the order of their leaves. */
  async leaves(): Promise<readonly Uint8Array[]> {
    return (await this.store.read("leaves", 0n, 10_000)).map(({ bytes }) => bytes);
  }

  /** As at the end of a day. */
  async cosign(): Promise<void> {
    await this.rig.run(() => this.cosigners.gather());
    this.#follow();
  }

  /** The file over all leaves, with the last checkpoint, cosigned. */
  async file(): Promise<string[]> {
    await this.cosign();
    const lines: string[] = [];
    for await (const line of exportAudit(await this.leaves(), [this.checkpoints.at(-1)!.note!]))
      lines.push(line.slice(0, -1));
    return lines;
  }

  figures() {
    return this.compliance.figures(this.store);
  }

  #follow(): void {
    for (const { value } of this.#seen.slice(this.#followed)) {
      const opened = openEnvelope(value, this.rig.keys);
      if (!opened.ok) throw new Error(opened.code);
      this.checkpoints.push(fromBinary(schemaOf("audit.checkpoint")!, opened.body.payload) as Checkpoint);
    }
    this.#followed = this.#seen.length;
  }
}

function grantOf(sender: string, purpose: KeyPurpose, signer: Signer, says: readonly string[] = []) {
  const types = says.map((right) => {
    const [type = "", topic = ""] = right.split(" ");
    return create(TypeGrantSchema, { type, topic });
  });
  const modes = [Mode.REPLAY];
  const state = KeyState.ACTIVE;
  return makeGrant(
    { sender, person: false, purpose, modes, types, validFromMs: 0n, validUntilMs: 1n << 42n, state },
    signer,
  );
}

function voteSigner(name: string): Signer {
  return deriveSigner(new Uint8Array(32).fill(6), name);
}

function cosigningSigner(name: string): Signer {
  return deriveSigner(new Uint8Array(32).fill(8), name);
}

export const genesis: Genesis = create(GenesisSchema, {
  mode: Mode.REPLAY,
  platform: "test",
  resumePersons: 1,
  validators,
  membersVersion: 1n,
  authorityDigest: new Uint8Array(32),
  limitsDigest: new Uint8Array(32),
  keys: [
    ...Object.entries(rights).map(([sender, says]) =>
      grantOf(sender, KeyPurpose.ENVELOPE, new Rig(startMs).signer(sender), says),
    ),
    ...validators.flatMap((name) => [
      grantOf(name, KeyPurpose.VOTE, voteSigner(name)),
      grantOf(name, KeyPurpose.CHECKPOINT, cosigningSigner(name)),
    ]),
    grantOf("compliance", KeyPurpose.CHECKPOINT, checkpointSigner),
  ],
});

export const keys = new Keyring();
for (const grant of genesis.keys) keys.grant(grant);
