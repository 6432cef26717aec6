import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex } from "../test/world.ts";
import { pae, payloadType } from "./dsse.ts";
import { importPublicKey, verify } from "./keys.ts";

interface Vectors {
  publicKey: string;
  cases: { name: string; payloadType: string; payload: string; pae?: string; signature?: string; verifies?: boolean }[];
}

const vectors: Vectors = JSON.parse(readFileSync(new URL("../test/dsse.json", import.meta.url), "utf8"));
const key = importPublicKey(fromHex(vectors.publicKey));

describe("DSSE 1.0.2", () => {
  it.each(vectors.cases.filter((vector) => vector.pae))("pre-authentication encoding of $name", (vector) => {
    const encoded = pae(vector.payloadType, Buffer.from(vector.payload, "base64"));
    expect(Buffer.from(encoded).toString("hex")).toBe(vector.pae);
  });

  it.each(vectors.cases.filter((vector) => vector.signature))("signature of $name: $verifies", (vector) => {
    const message = pae(vector.payloadType, Buffer.from(vector.payload, "base64"));
    expect(verify(key, message, Buffer.from(vector.signature ?? "", "base64"))).toBe(vector.verifies);
  });

  it("names a payload type by kind and version", () => {
    expect(payloadType("order.intent", "v1")).toBe("application/vnd.countersign.order.intent.v1+protobuf");
  });
});
