/**
 * A person at the platform's doors: proposes, halts, resumes and approves with keys of their own. The command line is one; no agent is.
 */
import { create, type Message, toBinary } from "@bufbuild/protobuf";
import {
  ApprovalDecisionSchema,
  type ApprovalRequest,
  type Changed,
  Decision,
  DepositSchema,
  HaltRequestSchema,
  type HaltResponse,
  HaltSchema,
  KeyChangeSchema,
  type KeyGrant,
  KeyState,
  Log,
  type ProposeRequest,
  ProposeRequestSchema,
  type ProposeResponse,
  ResumeSchema,
  type Signed,
} from "@countersign/contracts";
import { businessKey, type Keys, openEnvelope, type Signer, sealCall } from "@countersign/envelope";
import { type Money, moneyToWire } from "@countersign/orders";
import { signApproval } from "@countersign/permit";
import { opIdOf, signChange, signKeyChange, signResume } from "@countersign/quorum";
import { type PublishEffect, payloadOf, type Rpc } from "@countersign/runtime";

export interface PersonOptions {
  readonly name: string;
  readonly envelopeSigner: Signer;
  /** Approves and resumes. */
  readonly wordSigner: Signer;
  readonly keys: Keys;
  readonly rpc: Rpc;
  readonly nowMs: () => number;
}

/** What somebody who was asked to halt said. */
export interface HaltAnswer {
  readonly server: string;
  /** Undefined where nothing was heard that can be believed. */
  readonly latched: boolean | undefined;
  /** Why it is not, or is not known to be. */
  readonly why?: string;
  /** ms */
  readonly tookMs: number;
}

/** A superseded key was good until then; of a compromised one nothing is believed that is not on record. */
export type RevocationReason = "superseded" | "compromised";

const CALL_DEADLINE_MS = 5_000;

export class Person {
  readonly name: string;
  readonly #o: PersonOptions;
  #calls = 0;

  /** Under which this person's envelopes are signed. */
  readonly envelopeKeyid: string;

  constructor(options: PersonOptions) {
    this.#o = options;
    this.envelopeKeyid = options.envelopeSigner.keyid;
    this.name = options.name;
  }

  /** The sealed proposal: the same bytes however often and to whomever they are sent. */
  sealProposal(log: Log, content: ProposeRequest["content"]): Uint8Array {
    const opId = opIdOf({ content });
    if (opId === undefined) throw new Error("a proposal that lacks what its name is made of");
    const request = create(ProposeRequestSchema, { opId, log, content });
    return this.#seal("QuorumService.Propose", "quorum.propose", toBinary(ProposeRequestSchema, request), opId);
  }

  /** The first entry, as `genesisRequest` made it. */
  sealGenesis(request: Uint8Array): Uint8Array {
    return this.#seal("QuorumService.Propose", "quorum.propose", request, "genesis");
  }

  /** @throws Error when the quorum refuses: what a person asks for at the desk is asked for once. */
  async propose(log: Log, content: ProposeRequest["content"], validator: string): Promise<ProposeResponse> {
    return this.#call("QuorumService.Propose", validator, this.sealProposal(log, content)) as Promise<ProposeResponse>;
  }

  /** The first entry. Its answer is signed by a key that only the entry itself makes known, so the fence is asked afterwards. */
  async proposeGenesis(request: Uint8Array, validator: string): Promise<void> {
    const bytes = this.sealGenesis(request);
    await this.#o.rpc.call("QuorumService.Propose", validator, bytes, { deadlineMs: CALL_DEADLINE_MS });
  }

  deposit(account: string, amount: Money, depositId: string, validator: string): Promise<ProposeResponse> {
    const value = create(DepositSchema, { depositId, account, amount: moneyToWire(amount), by: this.name });
    return this.propose(Log.LEDGER, { case: "deposit", value }, validator);
  }

  /** What this person signs so that trading may open or go on. */
  signResume(haltIds: readonly string[], reason: string, epoch: bigint): Signed {
    return signResume({ haltIds, reason, epoch, person: this.name }, this.#o.wordSigner);
  }

  /** @param signatures of as many persons as the genesis demands, each over these very halts and reason, in the present epoch */
  resume(
    haltIds: readonly string[],
    reason: string,
    signatures: readonly Signed[],
    validator: string,
  ): Promise<ProposeResponse> {
    const value = create(ResumeSchema, { haltIds: [...haltIds], reason, signatures: [...signatures] });
    return this.propose(Log.CONTROL, { case: "resume", value }, validator);
  }

  /** What this person signs so that a key is granted. */
  signKey(grant: KeyGrant): Signed {
    return signKeyChange(grant, this.name, this.#o.wordSigner);
  }

  /** What this person signs so that roles or limits change. */
  signChange(changed: Changed): Signed {
    return signChange(changed, this.name, this.#o.wordSigner);
  }

  /** Takes a key away: one person does. @param key as it was granted */
  revoke(key: KeyGrant, reason: RevocationReason, validator: string): Promise<ProposeResponse> {
    const grant = { ...key, state: KeyState.REVOKED, reason };
    return this.propose(Log.CONTROL, { case: "key", value: create(KeyChangeSchema, { grant }) }, validator);
  }

  /**
   * The same signed bytes to everybody who can stop something, at once; each latches before it answers. Never rejects: who does not
   * answer holds up nobody, and may have latched all the same.
   */
  async halt(
    level: number,
    scope: string,
    reason: string,
    servers: readonly string[],
  ): Promise<{ readonly haltId: string; readonly answers: readonly HaltAnswer[] }> {
    const haltId = businessKey("halt", this.name, String(this.#o.nowMs()), String(this.#calls));
    const halt = create(HaltSchema, { haltId, level, scope, reason, by: this.name });
    const payload = toBinary(HaltRequestSchema, create(HaltRequestSchema, { halt }));
    const bytes = this.#seal("HaltService.Halt", "halt.request", payload, haltId);
    return { haltId, answers: await Promise.all(servers.map((server) => this.#askToHalt(server, bytes))) };
  }

  /** That an order was shown to this person: no word about it, and under no key but the envelope's. */
  shown({ approvalId = "" }: Pick<ApprovalRequest, "approvalId">, account: string): PublishEffect {
    return {
      kind: "publish",
      topic: "approvals.decision.v1",
      key: account,
      type: "approval.decision",
      payload: create(ApprovalDecisionSchema, { account, shown: approvalId }),
      intent: "SHOWN",
      idempotencyKey: businessKey("shown", this.name, approvalId),
    };
  }

  /** This person's signed word about exactly the intent that was shown, to be said on the topic of such words. */
  decision(request: ApprovalRequest, account: string, approve: boolean, reason: string): PublishEffect {
    const { approvalId, intentDigest, haltEpoch, expiresAtMs } = request;
    if (!approvalId || intentDigest === undefined || haltEpoch === undefined || expiresAtMs === undefined) {
      throw new Error("a request for approval that does not say for what");
    }
    const decision = approve ? Decision.APPROVE : Decision.REJECT;
    const signed = signApproval(
      { approvalId, intentDigest, haltEpoch, expiresAtMs: Number(expiresAtMs), decision, approver: this.name },
      this.#o.wordSigner,
    );
    return {
      kind: "publish",
      topic: "approvals.decision.v1",
      key: account,
      type: "approval.decision",
      payload: create(ApprovalDecisionSchema, { approval: signed, account, reason }),
      intent: approve ? "APPROVE" : "REJECT",
      idempotencyKey: businessKey("decision", this.name, approvalId),
    };
  }

  #seal(call: string, type: string, payload: Uint8Array, idempotencyKey: string): Uint8Array {
    const { envelopeSigner, nowMs } = this.#o;
    const intent = type === "halt.request" ? "HALT" : "PROPOSE";
    const about = `${type} ${idempotencyKey} ${this.#calls++}`;
    const facts = { sender: this.name, call, type, intent, payload, nowMs: nowMs(), about, idempotencyKey };
    return sealCall(facts, envelopeSigner).bytes;
  }

  async #askToHalt(server: string, bytes: Uint8Array): Promise<HaltAnswer> {
    const askedMs = performance.now();
    const answer = (latched: boolean | undefined, why?: string): HaltAnswer => {
      return { server, latched, tookMs: performance.now() - askedMs, ...(why !== undefined && { why }) };
    };
    try {
      const { latched, code } = (await this.#call("HaltService.Halt", server, bytes)) as HaltResponse;
      return answer(latched === true, code);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return answer(undefined, error.message);
    }
  }

  async #call(call: string, server: string, bytes: Uint8Array): Promise<Message> {
    const answer = openEnvelope(
      await this.#o.rpc.call(call, server, bytes, { deadlineMs: CALL_DEADLINE_MS }),
      this.#o.keys,
    );
    if (!answer.ok) throw new Error(`${server} answered ${call} with what cannot be opened: ${answer.code}`);
    const payload = payloadOf(answer);
    if (payload === undefined) throw new Error(`${server} answered ${call} with what cannot be read`);
    return payload;
  }
}
