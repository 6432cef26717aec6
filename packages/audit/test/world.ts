/** A small platform to test with: a genesis, records of several senders, entries with their votes, and the file over all of them. */
import { create, type Message, toBinary } from "@bufbuild/protobuf";
import {
  DecisionMadeSchema,
  EntryPostedSchema,
  type Genesis,
  GenesisSchema,
  type KeyGrant,
  KeyPurpose,
  KeyState,
  Log,
  LogEntrySchema,
  Mode,
  type ProposeRequest,
  ProposeRequestSchema,
  SignalSchema,
  type Signed,
  schemaOf,
  TypeGrantSchema,
  VoteSchema,
} from "@countersign/contracts";
import {
  attach,
  type Chain,
  deriveMsgId,
  deriveSigner,
  type EnvelopeBody,
  emptyChain,
  makeGrant,
  nextLink,
  type Signer,
  seal,
  sealBatch,
  sha256,
  signPayload,
} from "@countersign/envelope";
import { MerkleLog } from "@countersign/merkle";
import { auditOrigin, cosignerName, cosignNote, exportAudit, signCheckpoint } from "../src/index.ts";
import { bodyBytesOf, leafOf } from "../src/record.ts";

const timeMs = Date.UTC(2015, 5, 1);
const platform = "test";
export const origin = auditOrigin(platform);
export const validators = ["validator-1", "validator-2", "validator-3"];

export function signerOf(label: string): Signer {
  return deriveSigner(new Uint8Array(32).fill(9), label);
}

export const checkpointSigner = signerOf("compliance checkpoint");

export interface GrantOptions {
  readonly person?: boolean;
  readonly says?: readonly string[];
  readonly state?: KeyState;
  readonly label?: string;
}

/** `says`: "type topic". */
export function grantOf(sender: string, purpose: KeyPurpose, options: GrantOptions = {}): KeyGrant {
  const { person = false, says = [], state = KeyState.ACTIVE, label = labelOf(sender, purpose) } = options;
  const types = says.map((right) => {
    const [type = "", topic = ""] = right.split(" ");
    return create(TypeGrantSchema, { type, topic });
  });
  const modes = [Mode.REPLAY];
  const fields = { sender, person, purpose, modes, types, validFromMs: 0n, validUntilMs: 1n << 42n, state };
  return makeGrant(fields, signerOf(label));
}

const posts = ["control.entry control.halt.v1", "ledger.entry ledger.entries.v1"];
const propose = "quorum.propose QuorumService.Propose";

export const genesis: Genesis = create(GenesisSchema, {
  mode: Mode.REPLAY,
  platform,
  resumePersons: 1,
  validators,
  membersVersion: 1n,
  authorityDigest: new Uint8Array(32).fill(1),
  limitsDigest: new Uint8Array(32).fill(2),
  keys: [
    ...validators.flatMap((name) => [
      grantOf(name, KeyPurpose.VOTE),
      grantOf(name, KeyPurpose.CHECKPOINT),
      grantOf(name, KeyPurpose.ENVELOPE, { says: posts }),
    ]),
    grantOf("operator", KeyPurpose.ENVELOPE, { says: [propose] }),
    grantOf("person:ada", KeyPurpose.ENVELOPE, { says: [propose], person: true }),
    grantOf("signal", KeyPurpose.ENVELOPE, {
      says: ["market.signal signals.market.v1", "decision.made audit.records.v1"],
    }),
    grantOf("policy", KeyPurpose.ENVELOPE, { says: ["decision.made audit.records.v1"] }),
    grantOf("compliance", KeyPurpose.CHECKPOINT, { label: "compliance checkpoint" }),
  ],
});

type Content = ProposeRequest["content"];

/** Says records as their senders would, each in its chain. */
export class World {
  readonly envelopes: Uint8Array[] = [];
  readonly #chains = new Map<string, Chain>();
  readonly #logs = new Map<Log, { seq: bigint; prev: Uint8Array }>();
  #said = 0;

  /** A signal, or a decision; `skip`: so many links of its chain are never said. */
  say(sender: string, key: string, { skip = 0, text = "" } = {}): Uint8Array {
    const isSignal = sender === "signal";
    const topic = isSignal ? "signals.market.v1" : "audit.records.v1";
    const payload = isSignal
      ? create(SignalSchema, { symbol: key, direction: 1, explanation: text })
      : create(DecisionMadeSchema, { subject: key, decision: "HOLD", explanation: text });
    const type = isSignal ? "market.signal" : "decision.made";
    let body = this.#next(sender, topic, key, type, payload);
    for (let n = 0; n < skip; n++) body = this.#next(sender, topic, key, type, payload);
    return this.add(seal(body, keyOf(sender)).bytes);
  }

  /** A record of one sender, under the key of another. */
  sayAs(signer: string, sender: string, key: string): Uint8Array {
    const payload = create(SignalSchema, { symbol: key, direction: 1 });
    const body = this.#next(sender, "signals.market.v1", key, "market.signal", payload);
    return this.add(seal(body, keyOf(signer)).bytes);
  }

  /** Another body in the place of the chain's last one. */
  sayInstead(sender: string, key: string): Uint8Array {
    const at = `${sender} audit.records.v1 ${key}`;
    const { seq } = this.#chains.get(at)!;
    const payload = create(DecisionMadeSchema, { decision: "SELL" });
    const body = this.#next(sender, "audit.records.v1", key, "decision.made", payload);
    return this.add(seal({ ...body, seq, prev: new Uint8Array(32).fill(3) }, keyOf(sender)).bytes);
  }

  /** Several decisions of one sender under one signature. */
  sayBatch(sender: string, key: string, count: number): void {
    const payload = create(DecisionMadeSchema, { decision: "BATCH" });
    const bodies = Array.from({ length: count }, () =>
      this.#next(sender, "audit.records.v1", key, "decision.made", payload),
    );
    for (const { bytes } of sealBatch(bodies, keyOf(sender))) this.add(bytes);
  }

  /** An entry of a log, told by a validator, with votes; `skip`: so many entries are never told. */
  post(
    content: Content,
    options: { by?: string; voters?: readonly string[]; skip?: number; votesOn?: Uint8Array } = {},
  ) {
    const { by = "operator", voters = validators.slice(0, 2), skip = 0, votesOn } = options;
    const log = content.case === "deposit" || content.case === "fills" ? Log.LEDGER : Log.CONTROL;
    const end = this.#logs.get(log) ?? { seq: 0n, prev: new Uint8Array(32) };
    const seq = end.seq + 1n + BigInt(skip);
    const entry = create(LogEntrySchema, { log, seq, prev: end.prev, proposes: [this.propose(content, log, by)] });
    const bytes = toBinary(LogEntrySchema, entry);
    this.#logs.set(log, { seq, prev: sha256(bytes) });
    const [topic, key, type] =
      log === Log.CONTROL
        ? ["control.halt.v1", "control", "control.entry"]
        : ["ledger.entries.v1", "ledger", "ledger.entry"];
    const body = this.#next("validator-1", topic!, key!, type!, create(EntryPostedSchema, { entry: bytes }));
    const sealed = seal(body, keyOf("validator-1")).bytes;
    return this.add(
      attach(
        sealed,
        voters.map((name) => voteOf(name, log, seq, votesOn ?? sha256(bytes))),
      ),
    );
  }

  propose(content: Content, log: Log, by: string): Uint8Array {
    const request = create(ProposeRequestSchema, { opId: `op ${this.#said}`, log, content });
    const payload = toBinary(ProposeRequestSchema, request);
    return seal(this.#body(by, "QuorumService.Propose", "", "quorum.propose", payload), keyOf(by)).bytes;
  }

  add(envelope: Uint8Array): Uint8Array {
    this.envelopes.push(envelope);
    return envelope;
  }

  /** Signed over the first `size` records, and not cosigned. */
  signed(size = this.envelopes.length, signer = checkpointSigner, of = origin): string {
    const tree = new MerkleLog();
    for (const envelope of this.envelopes) tree.append(leafOf({ bodyBytes: bodyBytesOf(envelope) }));
    return signCheckpoint({ origin: of, size, root: tree.root(size) }, signer);
  }

  /** Cosigned by two of the three. */
  checkpoint(size = this.envelopes.length, cosigners = validators.slice(0, 2)): string {
    const note = this.signed(size);
    return note + cosigners.map((name) => cosignatureOf(name, note)).join("");
  }

  async text(checkpoints: readonly string[] = [this.checkpoint()]): Promise<string> {
    let text = "";
    for await (const line of exportAudit(this.envelopes, checkpoints)) text += line;
    return text;
  }

  async lines(checkpoints?: readonly string[]): Promise<string[]> {
    return (await this.text(checkpoints)).split("\n").slice(0, -1);
  }

  #next(sender: string, topic: string, key: string, type: string, payload: Message): EnvelopeBody {
    const at = `${sender} ${topic} ${key}`;
    const unlinked = this.#body(sender, topic, key, type, toBinary(schemaOf(type)!, payload));
    const { body, chain } = nextLink(this.#chains.get(at) ?? emptyChain, unlinked);
    this.#chains.set(at, chain);
    return body;
  }

  #body(sender: string, topic: string, key: string, type: string, payload: Uint8Array) {
    const said = this.#said++;
    const msgId = deriveMsgId({ timeMs: timeMs + said, sender, causationId: `said ${said}`, effectIndex: 0 });
    const ids = { msgId, correlationId: msgId, causationId: "", idempotencyKey: "" };
    const sentAtMs = BigInt(timeMs + said);
    return { ...ids, type, version: "v1", sentAtMs, ttlMs: 0, sender, intent: "TEST", topic, key, payload };
  }
}

/** Genesis, a deposit, and some records of two senders, one of them in a batch. */
export function smallWorld(): World {
  const world = new World();
  world.post({ case: "genesis", value: genesis }, { voters: validators });
  world.say("signal", "AAPL", { text: "é, \u2028 and \u{1f600}" });
  world.sayBatch("policy", "policy", 3);
  world.post(deposit("d1"));
  world.say("signal", "AAPL");
  world.say("signal", "SPX");
  return world;
}

export function deposit(depositId: string): Content {
  const amount = { units: 1_000_00n, scale: 2, currency: "USD" };
  const value = { depositId, account: "main", amount, by: "operator" };
  return create(ProposeRequestSchema, { content: { case: "deposit", value } }).content;
}

export function keyChange(grant: KeyGrant): Content {
  return create(ProposeRequestSchema, { content: { case: "key", value: { grant } } }).content;
}

export function keyOf(sender: string): Signer {
  return signerOf(labelOf(sender, KeyPurpose.ENVELOPE));
}

export function cosignatureOf(validator: string, note: string): string {
  const signer = signerOf(labelOf(validator, KeyPurpose.CHECKPOINT));
  return cosignNote(note, cosignerName(origin, validator), signer, timeMs / 1_000);
}

function voteOf(validator: string, log: Log, seq: bigint, entryDigest: Uint8Array): Signed {
  const vote = create(VoteSchema, { log, seq, round: 0, membersVersion: 1n, entryDigest, validator });
  return signPayload("vote", toBinary(VoteSchema, vote), signerOf(labelOf(validator, KeyPurpose.VOTE)));
}

function labelOf(sender: string, purpose: KeyPurpose): string {
  return `${sender} ${purpose}`;
}
