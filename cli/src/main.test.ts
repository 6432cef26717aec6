import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloneFile } from "@countersign/platform";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const recorded = cloneFile("platform/test/fixtures/run/audit.jsonl");
let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-cli-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function countersign(args: readonly string[], env: Record<string, string> = {}): Promise<Said> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [cloneFile("cli/src/main.ts"), ...args],
      {
        cwd: dir,
        env: { PATH: process.env.PATH ?? "", NODE_COMPILE_CACHE: cloneFile("node_modules/.cache/countersign"), ...env },
      },
      (_, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

describe("the command", () => {
  it("lists what there is, and says its version", async () => {
    const { code, out } = await countersign(["--help"]);
    expect(code).toBe(0);
    for (const command of [
      "demo",
      "up",
      "status",
      "doctor",
      "dlq",
      "topics",
      "outbox",
      "why",
      "audit",
      "replay",
      "runs",
    ])
      expect(out).toContain(`  ${command} `);
    const { version } = JSON.parse(readFileSync(cloneFile("package.json"), "utf8"));
    expect(await countersign(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  it.each([
    [["demo", "--sped", "3"], "unknown option '--sped'"],
    [["demo", "stray.json"], "too many arguments"],
    [["demo", "--market", "real"], "Allowed choices are simulated"],
    [["demo", "--speed", "x"], "countersign: --speed x: write a number above zero, such as 10"],
    [["halt", "4", "-m", "x"], "countersign: halt 4: the levels are 1 no new orders"],
    [["halt", "1", "-m", " "], "countersign: -m: say why"],
    [["halt", "1", "--scope", "world", "-m", "x"], "countersign: --scope world: all, account:<id>"],
    [["why", "x"], "countersign: why x: write a number from 1, such as 14"],
    [["topics", "check", "--kafka", "x:1", "--replicas", "0"], "countersign: --replicas 0: write how many copies"],
    [["dlq", "redrive", "x.dlq", "--kafka", "127.0.0.1:1"], "countersign: dlq redrive: say which letters: --offset N"],
    [["status", "--dir", "nowhere"], "cluster.json: no cluster is described there"],
  ])("%j is wrong usage", async (args, text) => {
    const { code, out, err } = await countersign(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(text);
  });

  it("notices what npm swallowed", async () => {
    const npm = { npm_lifecycle_event: "demo", npm_config_speed: "10" };
    expect(await countersign(["demo"], npm)).toEqual({
      code: 2,
      out: "",
      err: "countersign: npm kept --speed 10 for itself. Write: npm run demo -- --speed 10\n",
    });
  });

  it.each([
    ["limits.json", '{ "name": "x" ', ["--limits"]],
    ["strategy.ts", "export default 3;", ["--strategy"]],
    ["strategy.ts", 'throw new Error("no\\nluck");', ["--strategy"]],
    ["trace.csv", "nothing that is known", ["--trace"]],
  ])("says in one line what is wrong with %s", async (file, text, [option = ""]) => {
    writeFileSync(join(dir, file), text);
    const { code, out, err } = await countersign(["demo", option, file]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^countersign: .+\n$/);
    expect(err).toContain(file);
  });
});

describe("an engine that does not answer", () => {
  it.each([[["dlq", "list", "--kafka", "127.0.0.1:1"]], [["topics", "check", "--kafka", "127.0.0.1:1"]]])(
    "is one line of %j, and its cure",
    async (args) => {
      const { code, out, err } = await countersign(args);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toMatch(/^countersign: .*asked of 127\.0\.0\.1:1: .*ECONNREFUSED.*: are the brokers up\?\n$/);
    },
  );
});

describe("audit export", () => {
  it("makes tables of a log that is in order, and finds any bit of them that is another", async () => {
    const made = await countersign(["audit", "export", recorded, "--to", "tables"]);
    expect([made.code, made.err]).toEqual([0, ""]);
    expect(made.out).toMatch(/records\.csv {3}89 rows\n.*tax\.csv {3}\d rows?\n$/);
    const check = () => countersign(["audit", "export", recorded, "--to", "tables", "--check"]);
    expect((await check()).code).toBe(0);
    const file = join(dir, "tables", "tax.csv");
    const bytes = readFileSync(file);
    const at = bytes.indexOf("\n") + 20;
    bytes[at]! ^= 8;
    writeFileSync(file, bytes);
    const { code, out } = await check();
    expect([code, out]).toEqual([1, expect.stringMatching(/tax\.csv {3}line 2 is not what the log gives\n$/)]);
  });

  it("makes nothing of a log that is not", async () => {
    writeFileSync(join(dir, "cut.jsonl"), `${readFileSync(recorded, "utf8").split("\n").slice(0, -3).join("\n")}\n`);
    const { code, out } = await countersign(["audit", "export", "cut.jsonl", "--to", "none"]);
    expect([code, out]).toEqual([1, expect.stringMatching(/^NO_CHECKPOINT /m)]);
    expect(existsSync(join(dir, "none"))).toBe(false);
  });
});

describe("audit report", () => {
  it("says what a log adds up to, and those of its records that are asked for", async () => {
    const whole = await countersign(["audit", "report", recorded]);
    expect([whole.code, whole.err]).toEqual([0, ""]);
    expect(whole.out).toMatch(/^records +89 records: /);
    const some = ["--event", "error", "--code", "NOT_ALLOWED"];
    const { code, out } = await countersign(["audit", "report", recorded, ...some]);
    expect([code, out.match(/error .* NOT_ALLOWED/g)?.length]).toEqual([0, 4]);
    expect(out).toMatch(/^records +4 records: error 4$/m);
    const json = JSON.parse((await countersign(["audit", "report", recorded, ...some, "--json"])).out);
    expect([json.records.length, json.report.refusals, json.report.approvalRate]).toEqual([
      4,
      { NOT_ALLOWED: 4 },
      null,
    ]);
  });

  it("says nothing of a log that is not in order, and of an event that there is not what there is", async () => {
    writeFileSync(join(dir, "cut.jsonl"), `${readFileSync(recorded, "utf8").split("\n").slice(0, -3).join("\n")}\n`);
    const { code, out } = await countersign(["audit", "report", "cut.jsonl"]);
    expect([code, out]).toEqual([1, expect.not.stringContaining("approval rate")]);
    const { err } = await countersign(["audit", "report", recorded, "--event", "none"]);
    expect(err).toBe("countersign: --event none: take one of proposal, risk_decision, execution, error, system\n");
  });
});

describe("audit prove", () => {
  it("writes a record, the proof that it is in the log, and that the log has only grown", async () => {
    const { code, out, err } = await countersign(["audit", "prove", "7", "--since", "3", "--file", recorded]);
    expect([code, err, out.split("\n").length]).toEqual([0, "", 4]);
    const proof = readFileSync(join(dir, "7.tlog-proof"), "utf8");
    expect(proof).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 7\n/);
    expect(readFileSync(join(dir, "3-89.consistency"), "utf8")).toMatch(/^old 3\n/);
    // The leaf, up the path, is the root that the checkpoint says: RFC 6962, written down once more.
    const [, path = "", , size = "", root = ""] =
      /index 7\n([\s\S]*?)\n\n([^\n]*)\n(\d+)\n([^\n]*)\n/.exec(proof) ?? [];
    const sha256 = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
    let [node, index, last] = [sha256(Uint8Array.of(0), readFileSync(join(dir, "7.record"))), 7, Number(size) - 1];
    for (const line of path.split("\n")) {
      const sibling = Buffer.from(line, "base64");
      const isRight = index % 2 === 1 || index === last;
      node = isRight ? sha256(Uint8Array.of(1), sibling, node) : sha256(Uint8Array.of(1), node, sibling);
      while (isRight && index % 2 === 0 && index > 0) [index, last] = [index >> 1, last >> 1];
      [index, last] = [index >> 1, last >> 1];
    }
    expect(node.toString("base64")).toBe(root);
  });

  it("of what is not there is one line", async () => {
    const { code, out, err } = await countersign(["audit", "prove", "99", "--file", recorded]);
    expect([code, out, err]).toEqual([1, "", expect.stringMatching(/^countersign: the file has no record 99: .*\n$/)]);
    const nothing = await countersign(["audit", "prove", "--file", recorded]);
    expect([nothing.code, nothing.err]).toEqual([2, expect.stringMatching(/^countersign: name a record, .*\n$/)]);
  });
});

describe("audit verify", () => {
  it("checks a file offline and says its heads", async () => {
    const { code, out } = await countersign(["audit", "verify", recorded]);
    expect(out).toMatch(/^in order: \d+ records in \d+ chains, every signature, vote, chain and checkpoint checked$/m);
    expect(out).toMatch(/^audit head {3}[0-9a-f]{64}$/m);
    // Of a day before the validators had keys for it.
    expect(out).toMatch(/^cosigned by {2}—$/m);
    expect(code).toBe(0);
  });

  it("fails on one byte that was changed, and on what is no log", async () => {
    const bytes = readFileSync(recorded, "utf8");
    const at = bytes.indexOf('"sig":"') + 20;
    const changed = `${bytes.slice(0, at)}${bytes[at] === "A" ? "B" : "A"}${bytes.slice(at + 1)}`;
    writeFileSync(join(dir, "changed.jsonl"), changed);
    const { code, out } = await countersign(["audit", "verify", "changed.jsonl"]);
    expect(code).toBe(1);
    expect(out).toMatch(/^FAILED {2}\d+ findings?: .*not to be relied upon$/m);
    writeFileSync(join(dir, "none.jsonl"), "none\n");
    expect(await countersign(["audit", "verify", "none.jsonl"])).toMatchObject({ code: 1, out: "" });
    expect((await countersign(["audit", "verify", "absent.jsonl"])).err).toMatch(
      /^countersign: .*absent\.jsonl: no such file or folder\n$/,
    );
  });
});
