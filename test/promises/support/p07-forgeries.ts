/** What there is to refuse at the doors: one message for every code of the pipeline, wrong in one thing alone. */
import { create } from "@bufbuild/protobuf";
import { KeyPurpose, KeyState, Mode, OrderCommandSchema, SignalSchema } from "@countersign/contracts";
import {
  deriveSigner,
  type EnvelopeBody,
  encodeBody,
  type GrantFields,
  type PipelineCode,
  payloadType,
} from "@countersign/envelope";
import type { Say } from "@countersign/runtime/testing";
import { signedAs, signedTwice, signedUnder, withPayload } from "./p07-forge.ts";
import { type Delivery, deliveryOf, type Probe, resealed } from "./p07-probe.ts";

export const SIGNALS = "signals.market.v1";
export const ORDERS = "orders.intent.v1";

export const signal: Say = {
  sender: "friend",
  topic: SIGNALS,
  key: "AAPL",
  type: "market.signal",
  payload: create(SignalSchema, { symbol: "AAPL", strategy: "trend" }),
};
export const command: Say = {
  sender: "friend",
  topic: ORDERS,
  key: "main",
  type: "order.intent",
  payload: create(OrderCommandSchema, {
    command: { case: "cancel", value: { account: "main", intentKey: "one", reason: "not wanted" } },
  }),
};
/** One way to be refused. Everything else about it is right, so that without the check it would be acted upon. */
interface Forgery {
  readonly what: string;
  /** The check it is refused by, where the promise marks it. */
  readonly mark?: string;
  readonly make: (probe: Probe) => Delivery;
}

export const stranger = deriveSigner(new Uint8Array(32).fill(1), "stranger");

export function sealed(probe: Probe, say = signal): { readonly bytes: Uint8Array; readonly body: EnvelopeBody } {
  return probe.rig.sealed(say);
}

/** A signal in which nothing is wrong, and the key it was signed with. */
export function good(probe: Probe) {
  const { bytes, body } = sealed(probe);
  return { bytes, body, delivery: deliveryOf(body, bytes), friend: probe.rig.signer("friend") };
}

/** One for every code of the pipeline: a code without one does not compile. */
export const forgeries: Readonly<Record<PipelineCode, Forgery>> = {
  MALFORMED: {
    what: "bytes that are no envelope",
    make: (probe) => ({ ...good(probe).delivery, bytes: new Uint8Array([1, 2, 3]) }),
  },
  SIGNATURE_COUNT: {
    what: "two signatures",
    make(probe) {
      const { bytes, delivery } = good(probe);
      return { ...delivery, bytes: signedTwice(bytes) };
    },
  },
  UNKNOWN_KEY: {
    mark: "P07.granted",
    what: "a key that nobody granted, in a granted sender's name",
    make: (probe) => resealed(good(probe).body, {}, stranger),
  },
  BAD_SIGNATURE: {
    mark: "P07.signature",
    what: "another body under the signature",
    make(probe) {
      const { bytes, body } = good(probe);
      const payload = sealed(probe, { ...signal, payload: create(SignalSchema, { symbol: "MSFT" }) }).body.payload;
      return deliveryOf(body, withPayload(bytes, encodeBody({ ...body, payload })));
    },
  },
  BODY_MALFORMED: {
    what: "signed bytes that are no body",
    make(probe) {
      const { delivery, friend } = good(probe);
      return { ...delivery, bytes: signedAs("market.signal", new Uint8Array([255]), friend) };
    },
  },
  BODY_INCOMPLETE: {
    what: "a msg_id that is none",
    make: (probe) => resealed(good(probe).body, { msgId: "1" }, good(probe).friend),
  },
  WRONG_PAYLOAD_TYPE: {
    mark: "P07.type",
    what: "signed as a permit",
    make(probe) {
      const { body, friend } = good(probe);
      return deliveryOf(body, signedUnder(payloadType("permit", "v1"), encodeBody(body), friend));
    },
  },
  UNKNOWN_TOPIC: {
    what: "signed for a topic that there is not",
    make(probe) {
      const { body, friend } = good(probe);
      return { ...resealed(body, { topic: "signals.market.v9" }, friend), topic: SIGNALS };
    },
  },
  WRONG_CHAIN_FIELDS: {
    what: "a record that is chained to nothing",
    make: (probe) => resealed(good(probe).body, { prev: undefined }, good(probe).friend),
  },
  KEY_PENDING: {
    mark: "P07.keystate",
    what: "a key that is not active yet",
    make: keyed({ state: KeyState.PENDING }),
  },
  KEY_REVOKED: {
    mark: "P07.keystate",
    what: "a key that was replaced",
    make: keyed({ state: KeyState.REVOKED }, "superseded"),
  },
  KEY_COMPROMISED: {
    mark: "P07.keystate",
    what: "a key that was stolen",
    make: keyed({ state: KeyState.REVOKED }, "compromised"),
  },
  KEY_NOT_YET_VALID: {
    mark: "P07.keystate",
    what: "a key before its time",
    make: keyed({ validFromMs: 4_000_000_000_000n }),
  },
  KEY_EXPIRED: { mark: "P07.keystate", what: "a key after its time", make: keyed({ validUntilMs: 1n }) },
  WRONG_PURPOSE: {
    mark: "P07.purpose",
    what: "a key that signs permits",
    make: keyed({ purpose: KeyPurpose.PERMIT, types: [] }),
  },
  WRONG_SENDER: {
    mark: "P07.sender",
    what: "a granted key in another's name",
    make: (probe) => resealed(good(probe).body, { sender: "policy" }, good(probe).friend),
  },
  NOT_ALLOWED: {
    mark: "P07.right",
    what: "a type that the sender may not say there",
    make(probe) {
      const { body, friend } = good(probe);
      return resealed(body, { type: "order.filled", topic: "orders.execution.v1" }, friend);
    },
  },
  WRONG_MODE: { mark: "P07.mode", what: "a key of paper trading in a replay", make: keyed({ modes: [Mode.PAPER] }) },
  WRONG_TOPIC: {
    mark: "P07.topic",
    what: "carried over from another topic",
    make: (probe) => ({ ...good(probe).delivery, topic: ORDERS }),
  },
  WRONG_RECORD_KEY: {
    mark: "P07.key",
    what: "filed under another key",
    make: (probe) => ({ ...good(probe).delivery, key: "MSFT" }),
  },
  WRONG_HEADER: {
    mark: "P07.headers",
    what: "a header that says another sender than is signed",
    make(probe) {
      const { delivery } = good(probe);
      return { ...delivery, headers: { ...delivery.headers, ce_source: "policy" } };
    },
  },
  STALE: {
    what: "a command after its time",
    make(probe) {
      const { bytes, body } = sealed(probe, { ...command, sentAtMs: probe.rig.scheduler.nowMs() - 30_001 });
      return deliveryOf(body, bytes);
    },
  },
  FUTURE: {
    what: "a command before its time",
    make(probe) {
      const { bytes, body } = sealed(probe, { ...command, sentAtMs: probe.rig.scheduler.nowMs() + 5_001 });
      return deliveryOf(body, bytes);
    },
  },
};

/** A signal of a sender whose key is granted like this. */
function keyed(fields: Partial<GrantFields>, reason?: string): Forgery["make"] {
  return (probe) => resealed(good(probe).body, { sender: "other" }, probe.grant("other", fields, reason));
}
