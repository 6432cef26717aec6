/** Three validators in one process, with everything real but the wire: keys, envelopes, votes, the log and the stores in memory. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  CosignRequestSchema,
  CosignResponseSchema,
  DepositSchema,
  GenesisSchema,
  HaltRequestSchema,
  HaltResponseSchema,
  HaltSchema,
  type KeyGrant,
  KeyPurpose,
  KeyState,
  Log,
  Mode,
  type ProposeRequest,
  ProposeRequestSchema,
  ProposeResponseSchema,
  type Quote,
  QuoteSchema,
  ResumeSchema,
} from "@countersign/contracts";
import {
  deriveMsgId,
  deriveSigner,
  Keyring,
  makeGrant,
  openEnvelope,
  type Signer,
  seal,
  sha256,
} from "@countersign/envelope";
import { parseInstruments } from "@countersign/orders";
import { MemoryQuorumLog, opIdOf, type QuorumLog, signResume } from "@countersign/quorum";
import { LocalRpc, type MarketRef, MemoryStore, type PublishEffect, type Rpc, type Store } from "@countersign/runtime";
import type { DropCopy } from "../src/core/drop-copy.ts";
import type { LedgerLine } from "../src/core/line.ts";
import type { Kept } from "../src/edge/put-back.ts";
import { makeValidator, type Validator } from "../src/main.ts";

export const names = ["validator-1", "validator-2", "validator-3"];
export const timeMs = Date.UTC(2015, 5, 1, 14);
const seed = new Uint8Array(32).fill(3);
const signerOf = (sender: string, purpose: KeyPurpose): Signer => deriveSigner(seed, `${sender} ${purpose}`);
export const policyKey = signerOf("policy", KeyPurpose.PERMIT);
export const envelopeKey = (sender: string) => signerOf(sender, KeyPurpose.ENVELOPE);
export const voteKey = (validator: string) => signerOf(validator, KeyPurpose.VOTE);
export const checkpointKey = (sender: string) => signerOf(sender, KeyPurpose.CHECKPOINT);
export const approvalKey = (person: string) => signerOf(person, KeyPurpose.APPROVAL);

const propose = { type: "quorum.propose", topic: "QuorumService.Propose" };
const halt = { type: "halt.request", topic: "HaltService.Halt" };
const read = { type: "quorum.read-request", topic: "QuorumService.Read" };
const cosign = { type: "quorum.cosign-request", topic: "QuorumService.Cosign" };
const validatorTypes = [
  { type: "quorum.cosigned", topic: "QuorumService.Cosign" },
  propose,
  read,
  { type: "quorum.proposed", topic: "QuorumService.Propose" },
  { type: "quorum.vote-request", topic: "QuorumService.Vote" },
  { type: "quorum.voted", topic: "QuorumService.Vote" },
  { type: "quorum.read", topic: "QuorumService.Read" },
  { type: "halt.response", topic: "HaltService.Halt" },
];

export function genesisOf(mode: Mode) {
  return create(GenesisSchema, {
    mode,
    platform: "test",
    resumePersons: 1,
    validators: names,
    membersVersion: 1n,
    authorityDigest: new Uint8Array(32),
    limitsDigest: new Uint8Array(32),
    keys: [
      ...names.flatMap((name) => [
        grant(name, KeyPurpose.VOTE),
        grant(name, KeyPurpose.CHECKPOINT),
        grant(name, KeyPurpose.ENVELOPE, validatorTypes),
      ]),
      grant("compliance", KeyPurpose.CHECKPOINT),
      grant("compliance", KeyPurpose.ENVELOPE, [cosign]),
      grant("execution", KeyPurpose.ENVELOPE, [propose]),
      grant("operator", KeyPurpose.ENVELOPE, [propose, read]),
      grant("policy", KeyPurpose.PERMIT),
      grant("policy", KeyPurpose.ENVELOPE, [halt]),
      grant("person:ada", KeyPurpose.ENVELOPE, [propose, halt, read]),
      grant("person:ada", KeyPurpose.APPROVAL),
      grant("person:bob", KeyPurpose.APPROVAL),
    ],
  });

  function grant(
    sender: string,
    purpose: KeyPurpose,
    types: readonly { type: string; topic: string }[] = [],
  ): KeyGrant {
    const person = sender.startsWith("person:");
    const fields = { sender, person, purpose, modes: [mode], validFromMs: 0n, validUntilMs: 1n << 42n };
    const typed = create(GenesisSchema, { keys: [{ ...fields, types: [...types], state: KeyState.ACTIVE }] });
    return makeGrant(typed.keys[0]!, signerOf(sender, purpose));
  }
}

export const instruments = parseInstruments([
  {
    symbol: "AAPL",
    currency: "USD",
    priceScale: 2,
    tick: "0.01",
    quantityScale: 0,
    lot: "1",
    halfSpread: "0.01",
    topSize: "1000",
    feeBps: "1",
    tradingDaysPerYear: 252,
    tradingHoursPerDay: 6.5,
  },
]);

export interface WorldOptions {
  readonly mode?: Mode;
  readonly log?: QuorumLog;
  /** Of each validator its own, where they are not one object. */
  readonly logs?: readonly QuorumLog[];
  readonly rpc?: Rpc;
  readonly stores?: readonly Store[];
  /** Of each validator. */
  readonly dropCopies?: readonly DropCopy[];
  /** For a log that was put back. */
  readonly kept?: Kept;
}

export class World {
  readonly mode: Mode;
  readonly log: QuorumLog;
  readonly rpc: Rpc;
  readonly stores: readonly Store[];
  readonly validators: readonly Validator[];
  readonly published: (PublishEffect & { readonly by: string })[] = [];
  readonly lines: LedgerLine[] = [];
  /** What each validator has put back, such as "validator-1: 2 of control". */
  readonly putBack: string[] = [];
  readonly genesis: Uint8Array;
  readonly keys = new Keyring();

  constructor(options: WorldOptions = {}) {
    const {
      mode = Mode.REPLAY,
      log = new MemoryQuorumLog(),
      logs,
      rpc = new LocalRpc(),
      stores,
      dropCopies,
      kept,
    } = options;
    this.mode = mode;
    this.log = log;
    this.rpc = rpc;
    this.stores = stores ?? names.map(() => new MemoryStore());
    const genesis = genesisOf(mode);
    for (const grant of genesis.keys) this.keys.grant(grant);
    this.genesis = requestBytes({ case: "genesis", value: genesis });
    this.validators = names.map((name, index) =>
      makeValidator({
        name,
        peers: names,
        mode,
        genesis: this.genesis,
        envelopeSigner: envelopeKey(name),
        voteSigner: signerOf(name, KeyPurpose.VOTE),
        checkpointSigner: signerOf(name, KeyPurpose.CHECKPOINT),
        instruments,
        log: logs?.[index] ?? log,
        store: this.stores[index]!,
        rpc: this.rpc,
        nowMs: () => timeMs,
        dropCopy: dropCopies?.[index],
        publish: async (effect) => {
          this.published.push({ ...effect, by: name });
        },
        ...(kept && { kept }),
        onPutBack: (of, entries) => this.putBack.push(`${name}: ${entries} of ${of}`),
        ...(index === 0 ? { onLine: (line) => this.lines.push(line) } : {}),
      }),
    );
  }

  async start(): Promise<this> {
    for (const validator of this.validators) await validator.start();
    for (const validator of this.validators) await validator.tick();
    return this;
  }

  /** Genesis, the opening of trading, and a deposit. */
  async open(): Promise<this> {
    await this.start();
    await this.accept({ case: "genesis", value: genesisOf(this.mode) }, "operator");
    await this.accept(resume(["birth"], 0n), "operator");
    await this.accept(deposit("d1", 100_000_00n), "person:ada");
    return this;
  }

  quote(bidUnits: bigint, askUnits: bigint, eventTimeMs = timeMs, symbol = "AAPL"): MarketRef {
    const fields = { symbol, bidUnits, askUnits, priceScale: 2, eventTimeMs: BigInt(eventTimeMs) };
    const quote: Quote = create(QuoteSchema, fields);
    const name = `${symbol} ${bidUnits} ${askUnits} ${eventTimeMs}`;
    const ref = { msgId: idOf(name), seq: 1n, digest: sha256(Buffer.from(name)) };
    for (const validator of this.validators) validator.onQuote(quote, ref);
    return ref;
  }

  async propose(content: Content, sender: string, { to = "validator-1", ...rest }: ProposeOptions = {}) {
    return this.send(sealPropose(content, sender, rest), to);
  }

  async send(bytes: Uint8Array, to = "validator-1") {
    const answer = await this.rpc.call("QuorumService.Propose", to, bytes, { deadlineMs: 1_000 });
    const opened = openEnvelope(answer, this.keys);
    if (!opened.ok) throw new Error(opened.code);
    return fromBinary(ProposeResponseSchema, opened.body.payload);
  }

  async accept(content: Content, sender: string, options: ProposeOptions = {}) {
    const response = await this.propose(content, sender, options);
    if (response.code !== undefined) throw new Error(`${response.code} ${response.text}`);
    return response;
  }

  async halt(fields: MessageInitShape<typeof HaltSchema>, sender: string, to = "validator-1") {
    const payload = toBinary(HaltRequestSchema, haltRequest({ by: sender, ...fields }));
    const bytes = sealAs(sender, "halt.request", "HaltService.Halt", payload, `halt ${fields.haltId} ${fields.level}`);
    const answer = await this.rpc.call("HaltService.Halt", to, bytes, { deadlineMs: 1_000 });
    const opened = openEnvelope(answer, this.keys);
    if (!opened.ok) throw new Error(opened.code);
    return fromBinary(HaltResponseSchema, opened.body.payload);
  }
}

export function haltRequest(fields: MessageInitShape<typeof HaltSchema>) {
  const halt = create(HaltSchema, { level: 1, scope: "all", reason: "test", ...fields });
  return create(HaltRequestSchema, { halt });
}

/** Compliance's request of one validator, as it is. */
export async function askCosign(
  { rpc, keys }: World,
  fields: MessageInitShape<typeof CosignRequestSchema>,
  { to = "validator-1", sender = "compliance" } = {},
) {
  const payload = toBinary(CosignRequestSchema, create(CosignRequestSchema, fields));
  const bytes = sealAs(sender, cosign.type, cosign.topic, payload, Buffer.from(payload).toString("hex"));
  const opened = openEnvelope(await rpc.call(cosign.topic, to, bytes, { deadlineMs: 1_000 }), keys);
  if (!opened.ok) throw new Error(opened.code);
  return fromBinary(CosignResponseSchema, opened.body.payload);
}

export type Content = ProposeRequest["content"];

export interface ProposeOptions {
  readonly opId?: string;
  readonly to?: string;
  /** Tells two requests of the same content apart. */
  readonly name?: string;
}

export function sealPropose(content: Content, sender: string, { opId, name = "" }: ProposeOptions = {}): Uint8Array {
  const payload = requestBytes(content, opId);
  return sealAs(sender, propose.type, propose.topic, payload, `${name} ${opId} ${opIdOf({ content })}`);
}

export function sealAs(sender: string, type: string, topic: string, payload: Uint8Array, name: string): Uint8Array {
  const msgId = idOf(`${sender} ${name}`);
  const sentAtMs = BigInt(timeMs);
  const fields = { type, topic, sender, payload, sentAtMs, ttlMs: 0, intent: "TEST", idempotencyKey: "", key: "" };
  const body = { ...fields, msgId, version: "v1", correlationId: msgId, causationId: "" };
  return seal(body, envelopeKey(sender)).bytes;
}

export function requestBytes(content: Content, opId = opIdOf({ content }) ?? ""): Uint8Array {
  const isLedger = content.case === "deposit" || content.case === "fills";
  const log = isLedger ? Log.LEDGER : Log.CONTROL;
  return toBinary(ProposeRequestSchema, create(ProposeRequestSchema, { opId, log, content }));
}

export function deposit(depositId: string, units: bigint, by = "person:ada", currency = "USD"): Content {
  const amount = { units, scale: 2, currency };
  return { case: "deposit", value: create(DepositSchema, { depositId, account: "main", amount, by }) };
}

export function resume(haltIds: readonly string[], epoch: bigint, persons = ["person:ada"]): Content {
  const reason = "checked";
  const signatures = persons.map((person) => signResume({ haltIds, reason, epoch, person }, approvalKey(person)));
  return { case: "resume", value: create(ResumeSchema, { haltIds: [...haltIds], reason, signatures }) };
}

function idOf(name: string): string {
  return deriveMsgId({ timeMs, sender: "test", causationId: name, effectIndex: 0 });
}
