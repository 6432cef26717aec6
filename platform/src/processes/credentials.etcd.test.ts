// A real etcd behind a door that speaks TLS alone, to whoever shows a certificate of its authority.
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createServer } from "node:tls";
import { makeAuthority } from "@countersign/certificates";
import { etcdMembers } from "@countersign/quorum";
import { afterAll, beforeAll, expect, inject, it } from "vitest";

const made = () => makeAuthority({ name: "etcd", fromMs: Date.now() - 60_000, days: 1 });
const authority = made();
const { ca } = authority;
const pem = (bytes: Uint8Array) => Buffer.from(bytes);
const { cert, key } = authority.issue("localhost");
const door = createServer(
  { ca: pem(ca), cert: pem(cert), key: pem(key), requestCert: true, rejectUnauthorized: true, ALPNProtocols: ["h2"] },
  (outside) => {
    const [host, port] = inject("etcd")[0]!.split(":");
    const inside = connect(Number(port), host);
    outside.pipe(inside).pipe(outside);
    for (const one of [outside, inside]) one.on("error", () => {});
  },
);
let endpoints: string[];
beforeAll(async () => {
  door.on("tlsClientError", () => {});
  await once(door.listen(0, "127.0.0.1"), "listening");
  endpoints = [`localhost:${(door.address() as AddressInfo).port}`];
});
afterAll(() => void door.close());

it("a validator that shows its certificate is answered; whoever shows none, or another authority's, is not", async () => {
  const shown = async (tls?: { ca: Uint8Array; cert: Uint8Array; key: Uint8Array }) =>
    (await etcdMembers({ endpoints, ...(tls && { tls }) }))[0]?.version !== undefined;
  expect(await shown({ ca, ...authority.issue("validator-1") })).toBe(true);
  expect(await shown()).toBe(false);
  expect(await shown({ ca, ...made().issue("validator-1") })).toBe(false);
  expect(await shown({ ca: made().ca, ...authority.issue("validator-1") })).toBe(false);
});
