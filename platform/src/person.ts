/**
 * A person at the platform's doors: proposes, halts, resumes and approves with keys of their own. The command line is one; no agent is.
 */
import { create, type Message, toBinary } from "@bufbuild/protobuf";
import {
  ApprovalDecisionSchema,
  type ApprovalRequest,
  Decision,
  DepositSchema,
  HaltRequestSchema,
  type HaltResponse,
  HaltSchema,
  Log,
  type ProposeRequest,
  ProposeRequestSchema,
  type ProposeResponse,
  ResumeSchema,
  type Signed,
} from "@countersign/contracts";
import { businessKey, deriveMsgId, type Keys, openEnvelope, type Signer, seal } from "@countersign/envelope";
import { type Money, moneyToWire } from "@countersign/orders";
import { signApproval } from "@countersign/permit";
import { opIdOf, signResume } from "@countersign/quorum";
import { payloadOf, type Rpc, type Teller } from "@countersign/runtime";

export interface PersonOptions {
  readonly name: string;
  readonly envelopeSigner: Signer;
  /** Approves and resumes. */
  readonly wordSigner: Signer;
  readonly keys: Keys;
  readonly rpc: Rpc;
  readonly teller: Teller;
  readonly nowMs: () => number;
}

const CALL_DEADLINE_MS = 5_000;

export class Person {
  readonly name: string;
  readonly #o: PersonOptions;
  #calls = 0;

  constructor(options: PersonOptions) {
    this.#o = options;
    this.name = options.name;
  }

  /** The sealed proposal: the same bytes however often and to whomever they are sent. */
  sealProposal(log: Log, content: ProposeRequest["content"]): Uint8Array {
    const opId = opIdOf({ content });
    if (opId === undefined) throw new Error("a proposal that lacks what its name is made of");
    const request = create(ProposeRequestSchema, { opId, log, content });
    return this.#seal("QuorumService.Propose", "quorum.propose", toBinary(ProposeRequestSchema, request), opId);
  }

  /** @throws Error when the quorum refuses: what a person asks for at the desk is asked for once. */
  async propose(log: Log, content: ProposeRequest["content"], validator: string): Promise<ProposeResponse> {
    return this.#call("QuorumService.Propose", validator, this.sealProposal(log, content)) as Promise<ProposeResponse>;
  }

  /** The first entry. Its answer is signed by a key that only the entry itself makes known, so the fence is asked afterwards. */
  async proposeGenesis(request: Uint8Array, validator: string): Promise<void> {
    const bytes = this.#seal("QuorumService.Propose", "quorum.propose", request, "genesis");
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

  resume(haltIds: readonly string[], reason: string, epoch: bigint, validator: string): Promise<ProposeResponse> {
    const value = create(ResumeSchema, {
      haltIds: [...haltIds],
      reason,
      signatures: [this.signResume(haltIds, reason, epoch)],
    });
    return this.propose(Log.CONTROL, { case: "resume", value }, validator);
  }

  /** The same signed bytes to everybody who can stop something; each latches before it answers. */
  async halt(
    level: number,
    scope: string,
    reason: string,
    servers: readonly string[],
  ): Promise<readonly HaltResponse[]> {
    const haltId = businessKey("halt", this.name, String(this.#o.nowMs()), String(this.#calls));
    const halt = create(HaltSchema, { haltId, level, scope, reason, by: this.name });
    const bytes = this.#seal(
      "HaltService.Halt",
      "halt.request",
      toBinary(HaltRequestSchema, create(HaltRequestSchema, { halt })),
      haltId,
    );
    const answers: HaltResponse[] = [];
    for (const server of servers) answers.push((await this.#call("HaltService.Halt", server, bytes)) as HaltResponse);
    return answers;
  }

  /** Signs this person's word about exactly the intent that was shown. */
  async decide(request: ApprovalRequest, account: string, approve: boolean, reason: string): Promise<void> {
    const { approvalId, intentDigest, haltEpoch, expiresAtMs } = request;
    if (!approvalId || intentDigest === undefined || haltEpoch === undefined || expiresAtMs === undefined) {
      throw new Error("a request for approval that does not say for what");
    }
    const decision = approve ? Decision.APPROVE : Decision.REJECT;
    const signed = signApproval(
      { approvalId, intentDigest, haltEpoch, expiresAtMs: Number(expiresAtMs), decision, approver: this.name },
      this.#o.wordSigner,
    );
    await this.#o.teller.say({
      kind: "publish",
      topic: "approvals.decision.v1",
      key: account,
      type: "approval.decision",
      payload: create(ApprovalDecisionSchema, { approval: signed, account, reason }),
      intent: approve ? "APPROVE" : "REJECT",
      idempotencyKey: businessKey("decision", this.name, approvalId),
    });
  }

  #seal(call: string, type: string, payload: Uint8Array, idempotencyKey: string): Uint8Array {
    const nowMs = this.#o.nowMs();
    const msgId = deriveMsgId({
      timeMs: nowMs,
      sender: this.name,
      causationId: `${type} ${idempotencyKey} ${this.#calls++}`,
      effectIndex: 0,
    });
    const body = {
      msgId,
      type,
      version: "v1",
      correlationId: msgId,
      causationId: "",
      sentAtMs: BigInt(nowMs),
      ttlMs: 0,
      sender: this.name,
      intent: type === "halt.request" ? "HALT" : "PROPOSE",
      idempotencyKey,
      topic: call,
      key: "",
      payload,
    };
    return seal(body, this.#o.envelopeSigner).bytes;
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
