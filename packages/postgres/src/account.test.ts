import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { serverAccount, spawnAs } from "./account.ts";
import { tempDir } from "./temp-dir.ts";

describe.runIf(process.getuid?.() === 0)("root's choice of an account", () => {
  it("is nobody, also where it is written as a negative number", async () => {
    await using dir = await tempDir();
    const passwd = join(dir.path, "passwd");
    writeFileSync(passwd, "root:*:0:0:::\nnobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\n");
    expect(serverAccount(passwd)).toEqual({ uid: 4_294_967_294, gid: 4_294_967_294 });
    expect(spawnAs(serverAccount(passwd))).toEqual({ uid: -2, gid: -2 });
  });

  it("fails where there is no such account, and never settles for root", async () => {
    await using dir = await tempDir();
    const passwd = join(dir.path, "passwd");
    writeFileSync(passwd, "root:*:0:0:::\n");
    expect(() => serverAccount(passwd)).toThrow(expect.objectContaining({ code: "ACCOUNT_MISSING" }));
    writeFileSync(passwd, "nobody:*:0:0:::\n");
    expect(() => serverAccount(passwd)).toThrow(/not root/);
  });
});
