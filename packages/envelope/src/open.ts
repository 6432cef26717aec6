/** Opening: from delivered bytes to a body whose signature holds. What its signer may say is another question: rights.ts. */
import { hash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { type Signed, SignedSchema } from "@countersign/contracts";
import { leafHash } from "@countersign/merkle";
import { chainFits, decodeBody, type EnvelopeBody, isComplete } from "./body.ts";
import { sha256 } from "./digest.ts";
import { pae, payloadType } from "./dsse.ts";
import type { Keys } from "./keyring.ts";
import { type PublicKey, verify } from "./keys.ts";
import { decodeOuter, type Outer, type OuterInclusion } from "./outer.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { rootOf, treeHeadPae } from "./tree-head.ts";
import { VerifiedTree } from "./verified-tree.ts";

/** An envelope whose signature holds. Views of `bytes`, which nobody writes to again. */
export class Opened {
  readonly ok = true;
  readonly bytes: Uint8Array;
  readonly body: EnvelopeBody;
  readonly bodyBytes: Uint8Array;
  /** Whose signature it is. */
  readonly keyid: string;
  /** Over this body, or over the tree head of its batch. */
  readonly signature: Uint8Array;
  /** Not covered by the signature: to be opened by themselves. */
  readonly attached: readonly Signed[];
  #digest: Uint8Array | undefined;

  constructor(
    bytes: Uint8Array,
    { payload, attached }: Outer,
    body: EnvelopeBody,
    signature: Outer["signatures"][number],
  ) {
    this.bytes = bytes;
    this.body = body;
    this.bodyBytes = payload;
    this.keyid = signature.keyid;
    this.signature = signature.sig;
    this.attached = attached.map((signed) => fromBinary(SignedSchema, signed));
  }

  /** SHA-256 of the body's bytes, as evidence and chains name it. */
  get digest(): Uint8Array {
    this.#digest ??= sha256(this.bodyBytes);
    return this.#digest;
  }
}

/**
 * Decodes, verifies, and checks that the body is whole. Never throws, whatever the bytes. Once per process: what it finds stays
 * with this very array, never with a msg_id, so that a second message under a known id is verified like any other.
 */
export function openEnvelope(bytes: Uint8Array, keys: Keys): Opened | Refusal {
  const known = (bytes as Verified)[VERIFIED];
  if (known !== undefined) return known;
  const opened = open(bytes, keys);
  if (opened.ok) counts.opened++;
  else if (!refused.has(bytes)) counts.refused++;
  // A refusal is counted once, and judged again: the key that was unknown may be granted by now.
  if (!opened.ok) refused.add(bytes);
  return opened;
}

/**
 * The same for an envelope that is found inside another record, such as a proposal in a log entry: every reader of the record holds its own
 * copy of the bytes, so what was found stays with their digest instead. No delivery, so it is not counted as one.
 */
export function openStored(bytes: Uint8Array, keys: Keys): Opened | Refusal {
  const digest = hash("sha256", bytes, "hex");
  const known = stored.get(digest);
  if (known !== undefined && keys.find(known.keyid) !== undefined) return known;
  const opened = open(bytes, keys);
  if (!opened.ok) return opened;
  const [oldest] = stored.keys();
  if (oldest !== undefined && stored.size === STORED_MAX) stored.delete(oldest);
  stored.set(digest, opened);
  return opened;
}

function open(bytes: Uint8Array, keys: Keys): Opened | Refusal {
  const outer = decodeOuter(bytes);
  if (outer === undefined) return refuse("MALFORMED");
  const [signature, ...more] = outer.signatures;
  if (signature === undefined || more.length > 0) return refuse("SIGNATURE_COUNT");
  const key = keys.find(signature.keyid)?.publicKey;
  if (key === undefined) return refuse("UNKNOWN_KEY"); // P07.granted
  if (!signatureHolds(outer, key, signature.sig)) return refuse("BAD_SIGNATURE"); // P07.signature
  const body = decodeBody(outer.payload);
  if (body === undefined) return refuse("BODY_MALFORMED");
  if (!isComplete(body)) return refuse("BODY_INCOMPLETE");
  if (outer.payloadType !== payloadType(body.type, body.version)) return refuse("WRONG_PAYLOAD_TYPE"); // P07.type
  const fits = chainFits(body);
  if (fits === undefined) return refuse("UNKNOWN_TOPIC");
  if (!fits) return refuse("WRONG_CHAIN_FIELDS");
  return keep(bytes, outer, body, signature) ?? refuse("MALFORMED");
}

/** Since the process began: envelopes that were delivered and opened, those that were refused, and signatures verified for them. */
export function openCounts(): { readonly opened: number; readonly refused: number; readonly verified: number } {
  return { ...counts };
}

const counts = { opened: 0, refused: 0, verified: 0 };
/**
 * What was found about an array is a property of that array, under a name that only this file knows. A WeakMap says the same, and cost the
 * collector a quarter of a replay's time at a hundred thousand quotes alive for a moment each.
 */
const VERIFIED = Symbol("verified");
type Verified = Uint8Array & { [VERIFIED]?: Opened };
const refused = new WeakSet<Uint8Array>();
/** By SHA-256 of the envelope, hex; in order of arrival. A log entry is read by everybody soon after it was written. */
const stored = new Map<string, Opened>();
const STORED_MAX = 1024;

/** Undefined when what is attached cannot be decoded. */
function keep(
  bytes: Uint8Array,
  outer: Outer,
  body: EnvelopeBody,
  signature: Outer["signatures"][number],
): Opened | undefined {
  try {
    const opened = new Opened(bytes, outer, body, signature);
    (bytes as Verified)[VERIFIED] = opened;
    return opened;
  } catch {
    return undefined;
  }
}

function signatureHolds({ payloadType, payload, inclusion }: Outer, key: PublicKey, sig: Uint8Array): boolean {
  const leaf = pae(payloadType, payload);
  return inclusion === undefined ? verifyCounted(key, leaf, sig) : treeHolds(leafHash(leaf), inclusion, key, sig);
}

/** A head is verified once for all messages of its batch. Only heads that hold are kept: forged ones cannot push them out. */
function treeHolds(leaf: Uint8Array, inclusion: OuterInclusion, key: PublicKey, sig: Uint8Array): boolean {
  const { index, size, path } = inclusion;
  const name = key.keyid + Buffer.from(sig.buffer, sig.byteOffset, sig.length).toString("latin1");
  const known = trees.get(name);
  // Under one signature there is one head.
  if (known !== undefined) return known.size === size && known.holds(leaf, index, path);
  const root = rootOf(leaf, inclusion);
  if (root === undefined || !verifyCounted(key, treeHeadPae(size, root), sig)) return false;
  if (size > TREE_LEAVES_MAX) return true;
  const [oldest] = trees.keys();
  if (oldest !== undefined && trees.size === TREES_MAX) trees.delete(oldest);
  const tree = new VerifiedTree(size, root);
  tree.holds(leaf, index, path);
  trees.set(name, tree);
  return true;
}

function verifyCounted(key: PublicKey, message: Uint8Array, sig: Uint8Array): boolean {
  counts.verified++;
  return verify(key, message, sig);
}

/** By signer and signature, in order of arrival, so the first is the oldest. Messages of a batch come together: few are open at a time. */
const trees = new Map<string, VerifiedTree>();
const TREES_MAX = 512;
/** A larger tree takes memory that its signer chooses: its head is verified with each of its messages. */
const TREE_LEAVES_MAX = 1024;
