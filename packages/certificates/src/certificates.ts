/**
 * A certificate authority for one cluster, made on the spot: X.509 version 3 (RFC 5280) in DER, keys on P-256. For founding and for tests;
 * a cluster that has an authority of its own, such as cert-manager's, does not need it.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP, isIPv4 } from "node:net";

/** PEM. */
interface Identity {
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

export interface Authority {
  /** PEM. */
  readonly ca: Uint8Array;
  /** A certificate for these names (or IPv4 addresses), as server and as client. */
  issue(...names: string[]): Identity;
}

export interface AuthorityOptions {
  readonly name: string;
  /** From which moment its certificates hold, ms. */
  readonly fromMs: number;
  readonly days: number;
}

const DAY_MS = 86_400_000;

/** Its key lives in the closure alone, and goes with it: who needs more certificates later makes another authority. */
export function makeAuthority({ name, fromMs, days }: AuthorityOptions): Authority {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const common = { issuer: name, signer: privateKey, fromMs, untilMs: fromMs + days * DAY_MS };
  const ca = certificate({ ...common, subject: name, publicKey, extensions: [IS_AUTHORITY, SIGNS_CERTIFICATES] });
  return {
    ca,
    issue(...names) {
      const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const alternatives = extension(SUBJECT_ALT_NAME, sequence(...names.map(generalName)));
      const facts = { ...common, subject: names[0] ?? "", publicKey: pair.publicKey };
      const cert = certificate({ ...facts, extensions: [alternatives, SIGNS_HANDSHAKES, SERVER_AND_CLIENT] });
      return { cert, key: Buffer.from(pair.privateKey.export({ type: "pkcs8", format: "pem" })) };
    },
  };
}

interface Facts {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly extensions: readonly Buffer[];
}

const SUBJECT_ALT_NAME = "551d11";
const ECDSA_WITH_SHA256 = sequence(objectId("2a8648ce3d040302"));
const TRUE = tag(0x01, Buffer.of(0xff));
/** basicConstraints: cA. */
const IS_AUTHORITY = extension("551d13", sequence(TRUE), { critical: true });
/** keyUsage: keyCertSign, cRLSign. */
const SIGNS_CERTIFICATES = extension("551d0f", tag(0x03, Buffer.of(1, 0x06)), { critical: true });
/** keyUsage: digitalSignature. */
const SIGNS_HANDSHAKES = extension("551d0f", tag(0x03, Buffer.of(7, 0x80)), { critical: true });
/** extKeyUsage: serverAuth, clientAuth. */
const SERVER_AND_CLIENT = extension("551d25", sequence(objectId("2b06010505070301"), objectId("2b06010505070302")));

function certificate({ subject, issuer, publicKey, signer, fromMs, untilMs, extensions }: Facts): Uint8Array {
  const body = sequence(
    tag(0xa0, tag(0x02, Buffer.of(2))), // version 3
    tag(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)])), // serial number
    ECDSA_WITH_SHA256,
    commonName(issuer),
    sequence(time(fromMs), time(untilMs)),
    commonName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    tag(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, signer);
  const der = sequence(body, ECDSA_WITH_SHA256, tag(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = der.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return Buffer.from(`-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`);
}

/** RFC 5280 §4.1.2.5: UTCTime, and from 2050 on GeneralizedTime. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\..*$|[-:T]/g, "");
  return digits < "2050" ? tag(0x17, Buffer.from(`${digits.slice(2)}Z`)) : tag(0x18, Buffer.from(`${digits}Z`));
}

function generalName(name: string): Buffer {
  if (isIPv4(name)) return tag(0x87, Buffer.from(name.split(".").map(Number)));
  if (isIP(name) !== 0) throw new Error(`broken invariant: ${name}: no certificate is made for an IPv6 address`);
  return tag(0x82, Buffer.from(name));
}

function commonName(name: string): Buffer {
  return sequence(tag(0x31, sequence(objectId("550403"), tag(0x0c, Buffer.from(name)))));
}

function extension(id: string, value: Buffer, { critical = false } = {}): Buffer {
  return sequence(objectId(id), ...(critical ? [TRUE] : []), tag(0x04, value));
}

function objectId(hex: string): Buffer {
  return tag(0x06, Buffer.from(hex, "hex"));
}

function sequence(...parts: Buffer[]): Buffer {
  return tag(0x30, Buffer.concat(parts));
}

function tag(type: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(type, ...size), content]);
}
