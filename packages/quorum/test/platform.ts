/** A small platform to test with: keys, a genesis, and entries that three validators certify. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Genesis,
  GenesisSchema,
  HaltRequestSchema,
  HaltSchema,
  KeyPurpose,
  KeyState,
  Log,
  Mode,
  type ProposeRequest,
  ProposeRequestSchema,
  ResumeSchema,
  type Signed,
  SignedSchema,
} from "@countersign/contracts";
import { attach, deriveMsgId, deriveSigner, type EnvelopeBody, makeGrant, seal } from "@countersign/envelope";
import { buildEntry, type Entry, emptyHead, type Head } from "../src/entry.ts";
import { genesisDigest } from "../src/genesis.ts";
import { opIdOf } from "../src/op-id.ts";
import { signResume } from "../src/resume.ts";
import { signVote } from "../src/vote.ts";

const seed = new Uint8Array(32).fill(7);
export const signer = (label: string) => deriveSigner(seed, label);
export const validators = ["validator-1", "validator-2", "validator-3"];
export const members = { version: 1n, validators };
export const timeMs = Date.UTC(2015, 5, 1);

const propose = { type: "quorum.propose", topic: "QuorumService.Propose" };
const halt = { type: "halt.request", topic: "HaltService.Halt" };

export function grantOf(
  sender: string,
  purpose: KeyPurpose,
  {
    person = false,
    types = [],
    label = `${sender} ${purpose}`,
    state = KeyState.ACTIVE,
    modes = [Mode.REPLAY],
  }: {
    readonly person?: boolean;
    readonly types?: readonly { readonly type: string; readonly topic: string }[];
    readonly label?: string;
    readonly state?: KeyState;
    readonly modes?: readonly Mode[];
  } = {},
) {
  const fields = create(GenesisSchema, {
    keys: [
      {
        sender,
        person,
        purpose,
        modes: [...modes],
        types: [...types],
        validFromMs: 0n,
        validUntilMs: 1n << 42n,
        state,
      },
    ],
  });
  return makeGrant(fields.keys[0]!, signer(label));
}

const envelopeKey = (sender: string) => signer(`${sender} ${KeyPurpose.ENVELOPE}`);
export const approvalKey = (sender: string) => signer(`${sender} ${KeyPurpose.APPROVAL}`);
export const voteKey = (sender: string) => signer(`${sender} ${KeyPurpose.VOTE}`);

export const genesis: Genesis = create(GenesisSchema, {
  mode: Mode.REPLAY,
  platform: "test",
  resumePersons: 2,
  validators,
  membersVersion: 1n,
  authorityDigest: new Uint8Array(32).fill(1),
  limitsDigest: new Uint8Array(32).fill(2),
  keys: [
    ...validators.map((sender) => grantOf(sender, KeyPurpose.VOTE)),
    ...validators.map((sender) => grantOf(sender, KeyPurpose.ENVELOPE, { types: [propose] })),
    grantOf("operator", KeyPurpose.ENVELOPE, { types: [propose, halt] }),
    grantOf("policy", KeyPurpose.ENVELOPE, { types: [halt] }),
    grantOf("signal", KeyPurpose.ENVELOPE, { types: [propose] }),
    grantOf("operator", KeyPurpose.APPROVAL),
    ...["person:ada", "person:bob"].flatMap((sender) => [
      grantOf(sender, KeyPurpose.ENVELOPE, { person: true, types: [propose, halt] }),
      grantOf(sender, KeyPurpose.APPROVAL, { person: true }),
    ]),
  ],
});

export type Content = ProposeRequest["content"];

/** A sealed ProposeRequest, as its sender's outbox would hold it. */
export function sealPropose(
  content: Content,
  sender = "operator",
  { log = Log.CONTROL as Log, opId = opIdOf({ content }) ?? "", attached = [] as readonly Signed[] } = {},
): Uint8Array {
  const request = create(ProposeRequestSchema, { opId, log, content });
  const { bytes } = seal(
    bodyOf(propose.type, propose.topic, sender, toBinary(ProposeRequestSchema, request), opId),
    envelopeKey(sender),
  );
  return attached.length === 0 ? bytes : attach(bytes, attached);
}

export function sealHaltRequest(fields: Parameters<typeof haltContent>[0], sender: string): Signed {
  const message = create(HaltRequestSchema, { halt: create(HaltSchema, haltFields(fields)) });
  const body = bodyOf(halt.type, halt.topic, sender, toBinary(HaltRequestSchema, message), "halt");
  return fromBinary(SignedSchema, seal(body, envelopeKey(sender)).bytes);
}

function bodyOf(type: string, topic: string, sender: string, payload: Uint8Array, name: string): EnvelopeBody {
  const msgId = deriveMsgId({ timeMs, sender, causationId: name, effectIndex: 0 });
  return {
    msgId,
    type,
    version: "v1",
    correlationId: msgId,
    causationId: "",
    sentAtMs: BigInt(timeMs),
    ttlMs: 0,
    sender,
    intent: "PROPOSE",
    idempotencyKey: "",
    topic,
    key: "",
    payload,
  };
}

const genesisContent: Content = { case: "genesis", value: genesis };
const genesisRequest = toBinary(
  ProposeRequestSchema,
  create(ProposeRequestSchema, {
    opId: opIdOf({ content: genesisContent })!,
    log: Log.CONTROL,
    content: genesisContent,
  }),
);
export const expectedGenesis = genesisDigest(genesisRequest);
export const genesisEntry = buildEntry("control", emptyHead, [sealPropose(genesisContent)]);

interface HaltFields {
  readonly haltId: string;
  readonly by?: string;
  readonly level?: number;
  readonly scope?: string;
  readonly reason?: string;
}

const haltFields = ({ by = "operator", level = 1, scope = "all", reason = "test", haltId }: HaltFields) => ({
  haltId,
  by,
  level,
  scope,
  reason,
});

export function haltContent(fields: HaltFields): Content {
  return { case: "halt", value: create(HaltSchema, haltFields(fields)) };
}

/** A resume of halts, signed by persons for an epoch; `said` is what they sign where it is something else. */
export function resumeContent(
  haltIds: readonly string[],
  epoch: bigint,
  {
    persons = ["person:ada", "person:bob"],
    said = haltIds,
    reason = "checked",
    saidReason = undefined as string | undefined,
    as = (name: string) => name,
  } = {},
): Content {
  const signatures = persons.map((name) =>
    signResume({ haltIds: said, reason: saidReason ?? reason, epoch, person: as(name) }, approvalKey(name)),
  );
  return { case: "resume", value: create(ResumeSchema, { haltIds: [...haltIds], reason, signatures }) };
}

/** The entry that follows `head` in the control log, with what `sender` proposes. */
export function controlEntry(head: Head, content: Content, sender?: string): Entry {
  return buildEntry("control", head, [sealPropose(content, sender)]);
}

export function votesFor(
  entry: Entry,
  names: readonly string[] = validators,
  fields: {
    readonly round?: number;
    readonly membersVersion?: bigint;
    readonly digest?: Uint8Array;
    readonly seq?: bigint;
  } = {},
): Signed[] {
  return names.map((validator) =>
    signVote(
      {
        log: entry.log,
        seq: fields.seq ?? entry.seq,
        round: fields.round ?? 0,
        membersVersion: fields.membersVersion ?? 1n,
        entryDigest: fields.digest ?? entry.digest,
        validator,
      },
      voteKey(validator),
    ),
  );
}
