/** Calls, those that are served and those that are made: both ways through the doors. */
import { topicSpec } from "@countersign/contracts";
import { type Keys, openEnvelope } from "@countersign/envelope";
import type { Input } from "./agent.ts";
import type { Decider } from "./decider.ts";
import type { Doors } from "./doors.ts";
import type { Loop } from "./loop.ts";
import type { OwnInputs } from "./own-inputs.ts";
import { causeOf, inboxOf } from "./pending.ts";
import type { Admitted } from "./pipeline.ts";
import { type Rpc, RpcError } from "./ports.ts";
import { type About, DoorTimes, type Probe, type Work } from "./probe.ts";
import type { Refusals } from "./refusals.ts";
import type { OutboxRow } from "./store.ts";
import type { Teller } from "./teller.ts";
import { isTransient } from "./transient.ts";

export interface CallsOptions<S, V> {
  readonly name: string;
  readonly keys: Keys;
  readonly rpc: Rpc;
  readonly loop: Loop;
  readonly probe?: Probe;
  readonly doors: Doors;
  readonly decider: Decider<S, V>;
  readonly own: OwnInputs;
  readonly teller: Teller;
  readonly refusals: Refusals;
}

const CALL_DEADLINE_MS = 5_000;

export class Calls<S, V> {
  readonly #o: CallsOptions<S, V>;

  constructor(options: CallsOptions<S, V>) {
    this.#o = options;
  }

  /**
   * A call from another agent, through the same doors; a repetition gets the stored answer.
   * @throws RpcError REFUSED; UNAVAILABLE while the store is away: the caller asks again, and somebody else answers or this one does
   */
  async serve(call: string, request: Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#serve(call, request);
    } catch (error) {
      if (error instanceof RpcError || !isTransient(error)) throw error;
      throw new RpcError("UNAVAILABLE", `${this.#o.name} cannot decide now: ${String(error)}`, { cause: error });
    }
  }

  async #serve(call: string, request: Uint8Array): Promise<Uint8Array> {
    const { doors, probe, refusals } = this.#o;
    const times = probe && new DoorTimes();
    const admitted = doors.admit({ bytes: request, topic: call, recordKey: undefined, headers: undefined }, times);
    if (!admitted.ok) {
      probe?.refused(admitted.code, admitted.place);
      throw await refusals.ofCall(call, request, admitted.code, admitted.place);
    }
    const work = times && probe?.begin("serve", aboutCall(call, admitted, times));
    if (work !== undefined) times?.tell(work);
    try {
      return await this.#answer(call, request, admitted, work);
    } finally {
      work?.end();
    }
  }

  async #answer(call: string, request: Uint8Array, admitted: Admitted, work: Work | undefined): Promise<Uint8Array> {
    const { name, doors, decider, refusals } = this.#o;
    const { opened, payload } = admitted;
    const { body } = opened;
    const refuse = (code: string, place: string) => {
      work?.refused(code, place);
      return refusals.ofCall(call, request, code, place);
    };
    const refusal = await doors.tooOldOrTooMuch(opened, work);
    if (refusal !== undefined) throw await refuse(refusal, "pipeline");
    const input: Input = { kind: "call", call, type: body.type, body, payload };
    const journalled = { kind: "call" as const, call, bytes: request };
    const outcome = await decider.takeNow({ input, cause: causeOf(opened), journalled, inbox: inboxOf(opened), work });
    if (outcome === "conflict") throw await refuse("CONFLICT", "inbox");
    if (outcome.answer === undefined) throw new RpcError("REFUSED", `${name} has no answer to ${call}`);
    return outcome.answer;
  }

  /** Makes a call that was committed: where everything runs one after the other, when that is its turn; else at once, beside others. */
  make(row: OutboxRow): void {
    const { loop } = this.#o;
    if (loop.spawn === undefined) {
      loop.post(() => this.#call(row));
      return;
    }
    loop.spawn(() => this.#call(row));
  }

  /** The same bytes however often it is tried; the answer, or that there is none, is an input like any other. */
  async #call(row: OutboxRow): Promise<void> {
    const at = row.topic.indexOf("@");
    const call = row.topic.slice(0, at);
    const id = row.callId ?? "";
    let bytes: Uint8Array | undefined;
    try {
      bytes = await this.#o.rpc.call(call, row.topic.slice(at + 1), row.bytes, { deadlineMs: CALL_DEADLINE_MS });
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      await this.#o.own.noAnswer(id, error.code);
    }
    if (bytes !== undefined) await this.#onAnswer(id, call, bytes);
    // Only now: a crash before this makes the call once more, and the callee gives the same answer.
    this.#o.teller.markPublished(row.msgId);
  }

  async #onAnswer(id: string, call: string, bytes: Uint8Array): Promise<void> {
    const { keys, doors, decider, own, probe } = this.#o;
    const times = probe && new DoorTimes();
    // An answer may be a record of its own topic; the reader checks it as what it says it is.
    const peeked = openEnvelope(bytes, keys);
    const isRecord = peeked.ok && topicSpec(peeked.body.topic) !== undefined;
    const topic = isRecord ? peeked.body.topic : call;
    const recordKey = isRecord ? peeked.body.key : undefined;
    const admitted = doors.admit({ bytes, topic, recordKey, headers: undefined }, times);
    if (!admitted.ok) {
      probe?.refused(admitted.code, admitted.place);
      return own.noAnswer(id, admitted.code);
    }
    const { opened, payload } = admitted;
    const { body } = opened;
    const input: Input = { kind: "answer", id, type: body.type, body, payload };
    const journalled = { kind: "answer" as const, id, bytes };
    const work = times && probe?.begin("process", { ...aboutCall(topic, admitted, times), isAnswer: !isRecord });
    if (work !== undefined) times?.tell(work);
    const pending = { input, cause: causeOf(opened), journalled, inbox: inboxOf(opened), work };
    if ((await decider.take(pending)) === "conflict") await own.noAnswer(id, "CONFLICT");
    work?.end();
  }
}

function aboutCall(name: string, { opened: { body } }: Admitted, { startedMs }: DoorTimes): About {
  const { msgId, correlationId, causationId } = body;
  return { name, msgId, correlationId, causationId, startedMs };
}
