import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority as made } from "@countersign/certificates";
import { expect, it } from "vitest";
import { outcomeOf, VALIDATE } from "../test/pair.ts";
import { GrpcRpc, type TlsOptions } from "./index.ts";

const deadline = { deadlineMs: 10_000 };
const makeAuthority = () => made({ name: "test CA", fromMs: Date.now() - 60_000, days: 1 });
const authority = makeAuthority();
const { ca } = authority;

/** What becomes of a call to `policy` between two processes with these credentials. */
async function tryCall(serverTls: TlsOptions | undefined, clientTls: TlsOptions | undefined): Promise<string> {
  const optional = (tls: TlsOptions | undefined) => (tls === undefined ? {} : { tls });
  const server = new GrpcRpc({ listen: "127.0.0.1:0", servers: {}, ...optional(serverTls) });
  server.serve(VALIDATE, "policy", async (request) => request);
  const client = new GrpcRpc({ servers: { policy: [await server.listen()] }, ...optional(clientTls) });
  try {
    return await outcomeOf(client.call(VALIDATE, "policy", Uint8Array.of(1), deadline));
  } finally {
    await client.close(0);
    await server.close(0);
  }
}

it("two processes with certificates of one authority talk, whatever the address", async () => {
  const outcome = await tryCall({ ca, ...authority.issue("policy") }, { ca, ...authority.issue("portfolio") });
  expect(outcome).toBe("answered");
});

it("a server whose certificate names somebody else is not believed", async () => {
  const outcome = await tryCall({ ca, ...authority.issue("hedger") }, { ca, ...authority.issue("portfolio") });
  expect(outcome).toMatch(/^UNAVAILABLE: .*DNS:hedger/);
});

it("a server of another authority is not believed", async () => {
  const other = makeAuthority();
  const outcome = await tryCall({ ca, ...other.issue("policy") }, { ca, ...authority.issue("portfolio") });
  expect(outcome).toMatch(/^UNAVAILABLE/);
});

it("a caller of another authority, or with no certificate, is not answered", async () => {
  const server = { ca, ...authority.issue("policy") };
  expect(await tryCall(server, { ca, ...makeAuthority().issue("portfolio") })).toMatch(/^UNAVAILABLE/);
  expect(await tryCall(server, undefined)).toMatch(/^UNAVAILABLE/);
});

it("listens on every address with TLS", async () => {
  const server = new GrpcRpc({ listen: "0.0.0.0:0", servers: {}, tls: { ca, ...authority.issue("policy") } });
  expect(await server.listen()).toMatch(/^0\.0\.0\.0:\d+$/);
  await server.close(0);
});

it("reads PEM files by their paths", async () => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-tls-"));
  try {
    const { cert, key } = authority.issue("policy");
    const tls = { ca: join(folder, "ca.pem"), cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    writeFileSync(tls.ca, ca);
    writeFileSync(tls.cert, cert);
    writeFileSync(tls.key, key);
    expect(await tryCall(tls, tls)).toBe("answered");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("credentials that cannot be used are refused before anything starts, with the reason", () => {
  const mine = authority.issue("policy");
  const make = (tls: TlsOptions) => () => new GrpcRpc({ servers: {}, tls });
  const refused = { name: "GrpcError", code: "BAD_CREDENTIALS" };
  expect(make({ ca: "/nowhere/ca.pem", ...mine })).toThrow(expect.objectContaining(refused));
  expect(make({ ca, cert: mine.cert, key: Buffer.from("no key") })).toThrow(expect.objectContaining(refused));
  expect(make({ ca, cert: mine.cert, key: authority.issue("x").key })).toThrow(expect.objectContaining(refused));
});
