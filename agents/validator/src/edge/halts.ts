/**
 * Halts that were asked of this validator: latched in its store before it answers, and proposed until they are in the control log, over
 * restarts. It checks authority and form, never merit.
 */
import { setTimeout as wait } from "node:timers/promises";
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  type HaltResponse,
  HaltResponseSchema,
  Log,
  ProposeRequestSchema,
  type ProposeResponse,
  SignedSchema,
} from "@countersign/contracts";
import { attach, type Opened, openEnvelope } from "@countersign/envelope";
import { openHaltOf, opIdOf, QuorumError, readHalt } from "@countersign/quorum";
import { emptyCommit, type Store } from "@countersign/runtime";
import type { Envelopes } from "./envelopes.ts";
import type { Logs } from "./logs.ts";
import { Serial } from "./serial.ts";

export interface HaltsOptions {
  readonly name: string;
  readonly store: Store;
  readonly logs: Logs;
  readonly envelopes: Envelopes;
  readonly propose: (bytes: Uint8Array) => Promise<ProposeResponse>;
  /** Machine time that the answer waits for the quorum, whose refusal it would carry. In a replay, which waits for everything: Infinity. */
  readonly patienceMs: number;
}

/** By halt id: the sealed request, as its author made it. */
type Latched = Readonly<Record<string, Uint8Array>>;

export class Halts {
  readonly #o: HaltsOptions;
  readonly #serial = new Serial();
  #latched: Latched = {};
  #version = 0n;

  constructor(options: HaltsOptions) {
    this.#o = options;
  }

  /** What was latched in an earlier life. */
  async start(): Promise<void> {
    const { state, version } = await this.#o.store.load(KEY);
    this.#latched = (state as Latched | undefined) ?? {};
    this.#version = version;
  }

  /** Ids of the halts that are latched here and not in the control log yet. */
  get waiting(): readonly string[] {
    return Object.keys(this.#latched);
  }

  /** The answer, once the halt is latched; by then, or soon, it is global, or waits for a quorum. */
  async halt(request: Opened): Promise<HaltResponse> {
    const { name, logs } = this.#o;
    const halt = readHalt(request.body.payload);
    const haltId = halt?.haltId ?? "";
    const answer = (latched: boolean, code?: string) =>
      create(HaltResponseSchema, { haltId, latched, by: name, ...(code === undefined ? {} : { code }) });
    if (halt === undefined || openHaltOf(halt) === undefined) return answer(false, "BAD_HALT");
    if (halt.by !== request.body.sender) return answer(false, "MAY_NOT_HALT");
    await logs.catchUp("control");
    if (logs.fence.isReleased(haltId)) return answer(false, "RELEASED");
    const bytes = Uint8Array.from(request.bytes);
    await this.#remember((latched) => ({ [haltId]: bytes, ...latched }));
    const { patienceMs } = this.#o;
    const proposing = this.retry();
    // Latched is latched: who halts is not kept waiting by a quorum that does not answer.
    const outcome = await (Number.isFinite(patienceMs) ? Promise.race([proposing, wait(patienceMs)]) : proposing);
    const refused = outcome?.get(haltId);
    return refused === undefined ? answer(true) : answer(false, refused);
  }

  /** Proposes what waits, and says what was refused, by halt id. What a quorum cannot be had for waits on. */
  async retry(): Promise<ReadonlyMap<string, string>> {
    const refused = new Map<string, string>();
    for (const [haltId, bytes] of Object.entries(this.#latched)) {
      const code = await this.#proposed(bytes);
      if (code === "NO_QUORUM") continue;
      if (code !== undefined) refused.set(haltId, code);
      await this.#remember((latched) => Object.fromEntries(Object.entries(latched).filter(([id]) => id !== haltId)));
    }
    return refused;
  }

  /** What refuses it; a log that cannot be reached is no quorum. */
  async #proposed(bytes: Uint8Array): Promise<string | undefined> {
    try {
      return (await this.#o.propose(this.#proposeOf(bytes))).code;
    } catch (error) {
      if (error instanceof QuorumError) return "NO_QUORUM";
      throw error;
    }
  }

  /** A proposal in our name, to which the author's own request is attached: that is its authority. */
  #proposeOf(bytes: Uint8Array): Uint8Array {
    const { logs, envelopes } = this.#o;
    const request = openEnvelope(bytes, logs.keys);
    if (!request.ok) throw new Error(`broken invariant: a halt that was latched no longer opens: ${request.code}`);
    const halt = readHalt(request.body.payload);
    if (halt === undefined) throw new Error("broken invariant: a halt that was latched is none");
    const content = { case: "halt", value: halt } as const;
    const message = create(ProposeRequestSchema, { opId: opIdOf({ content }) ?? "", log: Log.CONTROL, content });
    const { body } = request;
    const sealed = envelopes.request("QuorumService.Propose", ProposeRequestSchema, message, {
      about: `halt ${halt.haltId}`,
      timeMs: Number(body.sentAtMs),
      cause: body,
    });
    return attach(sealed.bytes, [fromBinary(SignedSchema, bytes)]);
  }

  /** What waits is changed by one at a time: no halt overwrites another. */
  #remember(change: (latched: Latched) => Latched): Promise<void> {
    return this.#serial.run(async () => {
      const latched = change(this.#latched);
      const aggregate = { key: KEY, version: this.#version, state: latched };
      const result = await this.#o.store.commit({ ...emptyCommit, aggregate });
      if (result.kind !== "committed") throw new Error(`${this.#o.name}: somebody else latches its halts`);
      this.#latched = latched;
      this.#version = result.version;
    });
  }
}

const KEY = "halts";
