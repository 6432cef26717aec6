/** X.509 certificates made on the spot (RFC 5280, in DER), so that the tests need no tool and no key lies in the repository. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

interface Identity {
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

export interface Authority {
  readonly ca: Uint8Array;
  /** A certificate for these names. */
  issue(...names: string[]): Identity;
}

export function makeAuthority(name = "test CA"): Authority {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const isAuthority = extension("551d13", sequence(tag(0x01, Buffer.of(0xff)))); // basicConstraints: cA
  const ca = certificate({ subject: name, issuer: name, publicKey, signer: privateKey, extension: isAuthority });
  return {
    ca,
    issue(...names) {
      const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const alternatives = names.map((one) => tag(0x82, Buffer.from(one))); // dNSName
      const subjectAltName = extension("551d11", sequence(...alternatives));
      const facts = { subject: names[0] ?? "", issuer: name, signer: privateKey, extension: subjectAltName };
      const key = Buffer.from(pair.privateKey.export({ type: "pkcs8", format: "pem" }));
      return { cert: certificate({ ...facts, publicKey: pair.publicKey }), key };
    },
  };
}

interface Facts {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extension: Buffer;
}

const ECDSA_WITH_SHA256 = sequence(objectId("2a8648ce3d040302"));

function certificate({ subject, issuer, publicKey, signer, extension }: Facts): Uint8Array {
  const body = sequence(
    tag(0xa0, tag(0x02, Buffer.of(2))), // version 3
    tag(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])), // serial number
    ECDSA_WITH_SHA256,
    commonName(issuer),
    sequence(tag(0x17, Buffer.from("200101000000Z")), tag(0x17, Buffer.from("491231235959Z"))), // UTCTime
    commonName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    tag(0xa3, sequence(extension)),
  );
  const signature = sign("sha256", body, signer);
  const der = sequence(body, ECDSA_WITH_SHA256, tag(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = der.toString("base64").replace(/.{64}/g, "$&\n");
  return Buffer.from(`-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`);
}

function commonName(name: string): Buffer {
  return sequence(tag(0x31, sequence(objectId("550403"), tag(0x0c, Buffer.from(name)))));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), tag(0x04, value));
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
