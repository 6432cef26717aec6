/** What most tests here need: a signer, a keyring that grants it everything it says, and a complete body. */
import { create } from "@bufbuild/protobuf";
import { type KeyGrant, KeyPurpose, KeyState, Mode, TypeGrantSchema } from "@countersign/contracts";
import {
  deriveSigner,
  type EnvelopeBody,
  type GrantFields,
  Keyring,
  makeGrant,
  Opened,
  openEnvelope,
  type Signer,
} from "../src/index.ts";

export const NOW_MS = 1_700_000_000_000;
const seed = new Uint8Array(32).fill(1);

export function signerOf(name: string): Signer {
  return deriveSigner(seed, name);
}

export const market = signerOf("agent.market");

export function right(type: string, topic: string): KeyGrant["types"][number] {
  return create(TypeGrantSchema, { type, topic });
}

export function grantFields(fields: Partial<GrantFields> = {}): GrantFields {
  return {
    sender: "agent.market",
    person: false,
    purpose: KeyPurpose.ENVELOPE,
    modes: [Mode.REPLAY, Mode.PAPER],
    types: [
      right("market.quote", "market.quotes.v1"),
      right("order.intent", "orders.intent.v1"),
      right("policy.validate", "PolicyService.Validate"),
    ],
    validFromMs: BigInt(NOW_MS - 86_400_000),
    validUntilMs: BigInt(NOW_MS + 86_400_000),
    state: KeyState.ACTIVE,
    ...fields,
  };
}

/** A keyring with one grant for each signer. */
export function keyringOf(...grants: readonly [Signer, Partial<GrantFields>?][]): Keyring {
  const keyring = new Keyring();
  for (const [signer, fields] of grants) {
    const wrong = keyring.grant(makeGrant(grantFields(fields), signer));
    if (wrong !== undefined) throw new Error(wrong);
  }
  return keyring;
}

export function quote(fields: Partial<EnvelopeBody> = {}): EnvelopeBody {
  return {
    msgId: "018bcfe5-6800-7b00-8b00-0123456789ab",
    type: "market.quote",
    version: "v1",
    correlationId: "018bcfe5-6800-7b00-8b00-0123456789ab",
    causationId: "",
    sentAtMs: BigInt(NOW_MS),
    ttlMs: 0,
    sender: "agent.market",
    intent: "QUOTE",
    idempotencyKey: "",
    topic: "market.quotes.v1",
    key: "AAPL",
    seq: 1n,
    payload: Uint8Array.of(10, 4, 65, 65, 80, 76),
    ...fields,
  };
}

/** A command on a record topic. */
export function command(fields: Partial<EnvelopeBody> = {}): EnvelopeBody {
  const prev = new Uint8Array(32);
  return quote({ type: "order.intent", topic: "orders.intent.v1", key: "acct-1", ttlMs: 30_000, prev, ...fields });
}

/** Opens what has to open. */
export function opened(bytes: Uint8Array, keyring: Keyring): Opened {
  const result = openEnvelope(bytes, keyring);
  if (!(result instanceof Opened)) throw new Error(`refused: ${result.code}`);
  return result;
}

/** The code of what has to be refused. */
export function refusalOf(bytes: Uint8Array, keyring: Keyring): string {
  const result = openEnvelope(bytes, keyring);
  return result.ok ? "opened" : result.code;
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

export function flip(bytes: Uint8Array, at: number, mask: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ mask;
  return flipped;
}
