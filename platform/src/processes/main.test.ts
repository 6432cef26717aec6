// What a process says when it cannot start: one line, which names the file or the variable, and exit code 1. And how much one says that runs.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { modes } from "../agents.ts";
import { authority } from "../authority-file.ts";
import { genesisRequest } from "../genesis.ts";
import { writeSecrets, writeSpec } from "./cluster.ts";
import { KeyFiles } from "./key-files.ts";
import { specOf } from "./testing.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "countersign-main-"));
});
afterAll(() => rmSync(root, { recursive: true }));

const secrets = { postgres: "postgres://u:hunter2@127.0.0.1:1/x", venueKey: "hunter2hunter2" };
let folders = 0;
function folder(files: Readonly<Record<string, string>>): string {
  const dir = join(root, String(++folders));
  mkdirSync(dir);
  writeSpec(dir, specOf());
  writeSecrets(dir, secrets);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(dir, path, ".."), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  return dir;
}

function founded(): string {
  const person = "person:ada";
  const facts = { authority, mode: modes.paper, platform: "test", limitsDigest: new Uint8Array(32), fromMs: 0 };
  const signers = new KeyFiles(join(root, "keys"), { makes: true });
  return Buffer.from(genesisRequest({ ...facts, persons: [person], signers })).toString("base64");
}

interface Case {
  readonly files: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** With a genesis that is one. */
  readonly genesis?: boolean;
  /** `DIR` stands for the folder. */
  readonly says: string;
}

const key = { "keys/policy.envelope.key": "00".repeat(32) };
const cases: readonly Case[] = [
  { files: { "cluster.json": "{" }, says: "DIR/cluster.json: it is no JSON: no cluster is described there" },
  { files: { "secrets.json": '{"postgres":"hunter2"}' }, says: "DIR/secrets.json: postgres: no URL: give postgres://" },
  { files: {}, says: "DIR/cluster.json: genesis: illegal tag" },
  {
    files: { "keys/policy.envelope.key": "hunter2" },
    genesis: true,
    says: "DIR/keys/policy.envelope.key: no key: 64 hexadecimal",
  },
  { files: key, env: { COUNTERSIGN_BIND: "policy" }, says: "COUNTERSIGN_BIND: policy is no address to listen on" },
  {
    files: { ...key, "tls/ca.crt": "x", "tls/tls.crt": "x", "tls/tls.key": "x" },
    says: "DIR/tls: the TLS certificate, its key and the CA do not go together",
  },
];

it.each(cases)("$says", { timeout: 30_000 }, async ({ files, env = {}, genesis, says }) => {
  const dir = folder(files);
  if (genesis === true) writeSpec(dir, specOf({ genesis: founded() }));
  const child = spawn(process.execPath, [MAIN, dir, "policy"], {
    env: { PATH: process.env.PATH, LOG_LEVEL: "silent", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [said, code] = await Promise.all([text(child.stderr), new Promise((resolve) => child.once("exit", resolve))]);
  expect(said.replaceAll(dir, "DIR")).toContain(`countersign: ${says}`);
  expect(said.trim().split("\n")).toHaveLength(1);
  expect(said).not.toContain("hunter2");
  expect(code).toBe(1);
});

it("a process that is silent says what happens from when its flags say so", { timeout: 60_000 }, async () => {
  const dir = folder(key);
  const health = await freeAddress();
  // It waits for its engines all the time.
  writeSpec(dir, specOf({ genesis: founded(), kafka: ["127.0.0.1:1"], servers: {}, health: { policy: health } }));
  const child = spawn(process.execPath, [MAIN, dir, "policy"], {
    env: { PATH: process.env.PATH, LOG_LEVEL: "silent" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const said: string[] = [];
  createInterface(child.stdout).on("line", (line) => said.push(line));
  const page = async () => (await fetch(`http://${health}/metrics`).catch(() => undefined))?.text();
  await expect.poll(page, { timeout: 20_000 }).toContain('countersign_log_level{level="silent",agent="policy"} 1');
  expect(said).toEqual([]);
  const flag = { state: "ENABLED", variants: { loud: "info" }, defaultVariant: "loud" };
  writeFileSync(join(dir, "flags.json"), JSON.stringify({ flags: { "log-level": flag } }));
  await expect.poll(page, { timeout: 20_000 }).toContain('countersign_log_level{level="info",agent="policy"} 1');
  writeFileSync(join(dir, "keys/policy.envelope.key"), "11".repeat(32));
  expect(await ended).toBe(0);
  expect(said.map((line) => JSON.parse(line).msg.replace(dir, "DIR"))).toEqual([
    "DIR/flags.json: log-level is info, and was silent",
    "DIR/keys/policy.envelope.key is another one: this process ends, to start again with it",
  ]);
});

async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}
