import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FenceState } from "@countersign/contracts";
import type { Keys } from "@countersign/envelope";
import { afterAll, describe, expect, it } from "vitest";
import { certificateExpiries, haltsByScope, vitalSigns } from "./vital-signs.ts";

const dir = mkdtempSync(join(tmpdir(), "vital-signs-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** Of a key that is nowhere any more; it ends on 2126-10-29. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBejCCAR+gAwIBAgIUJ7S3VMPaQ+9Sgsa9ib7v194Vj4gwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGcG9saWN5MCAXDTI2MTEyMjAyNDE0MFoYDzIxMjYxMDI5MDI0
MTQwWjARMQ8wDQYDVQQDDAZwb2xpY3kwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATLgiTb2kwX/isOlof98N97HrbsFUydb/oijRRRFEJVtkgAJjLnCrSKBOKCreYl
0R8fUSUk/64UUNBff/j/LUGno1MwUTAdBgNVHQ4EFgQUTndre8drtCEB6OXSF3Bs
rlf6ZPEwHwYDVR0jBBgwFoAUTndre8drtCEB6OXSF3Bsrlf6ZPEwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAydn64LtwUXCo0Sb0Td3sOt5TgQdn
6fYURVNuHOmgRZsCIQC41LBXDlpub+4jLtz9FvMSHA6IyBSBhmIFvCN2DKtDOQ==
-----END CERTIFICATE-----
`;

const born: FenceState = {
  epoch: 0n,
  halts: [{ id: "birth", level: 1, scope: { kind: "all" } }],
  released: [],
  head: { seq: 1n, digest: "00" },
};

describe("what a process tells of itself", () => {
  it("of halts is how many are in force, by what they cover, and birth apart", () => {
    const halts: FenceState["halts"] = [
      ...born.halts,
      { id: "h1", level: 2, scope: { kind: "symbol", id: "AAPL" } },
      { id: "h2", level: 1, scope: { kind: "symbol", id: "SPX" } },
    ];
    expect(Object.fromEntries(haltsByScope({ halts }))).toEqual({
      ...{ birth: 1, all: 0, account: 0, strategy: 0, symbol: 2, venue: 0 },
    });
  });

  it("is nothing of halts before the control log is known, and of a key before it is granted", () => {
    let members: unknown;
    const granted = new Map<string, { validUntilMs: number }>();
    const fence = {
      state: () => born,
      keys: { find: (id) => granted.get(id) } as Keys,
      get members() {
        return members;
      },
    };
    const signs = vitalSigns({ dir, fence, isReady: () => false, clockOffsetSeconds: () => undefined, keyid: "k" });
    expect([[...(signs.halts?.() ?? [])], signs.keyExpirySeconds?.(), signs.ready?.()]).toEqual([[], undefined, false]);
    members = {};
    granted.set("k", { validUntilMs: 5_000 });
    expect([[...(signs.halts?.() ?? [])].length, signs.keyExpirySeconds?.()]).toEqual([6, 5]);
  });

  it("of certificates is when each that is there ends", () => {
    expect(certificateExpiries(dir)).toEqual([]);
    mkdirSync(join(dir, "tls"));
    writeFileSync(join(dir, "tls", "tls.crt"), CERTIFICATE);
    expect(certificateExpiries(dir)).toEqual([["tls/tls.crt", Date.UTC(2126, 9, 29, 2, 41, 40) / 1_000]]);
  });
});
