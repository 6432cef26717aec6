import { generateKeyPairSync, randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { openLogs } from "./logs.ts";

/** What is written, by an object and a text. */
function written(fields: object, text: string): string {
  let lines = "";
  const to = new Writable({
    write(chunk, _, done) {
      lines += chunk;
      done();
    },
  });
  openLogs({ agent: "policy", to }).info(fields, text);
  return lines;
}

const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 })
  .privateKey.export({ type: "pkcs1", format: "pem" })
  .toString();
const encrypted = generateKeyPairSync("ed25519")
  .privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
  .toString();
const der = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
const seed = randomBytes(32).toString("hex");
const inside = (text: string) => text.split("\n")[1] as string;
const jwt = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJlLW9mLWl0";

/** Each in the places a secret gets into by accident: a message, a field, deep below, an error, JSON in a text. */
const SHAPES: readonly (readonly [string, secret: string, text: string])[] = [
  ["an Ed25519 key in PEM", inside(pem), pem],
  ["an RSA key in PEM", inside(rsa), rsa],
  ["an encrypted key in PEM", inside(encrypted), encrypted],
  ["a key in PEM that was cut off", inside(pem).slice(0, 40), pem.slice(0, 70)],
  ["an Ed25519 key in base64", der.slice(22), `key ${der}`],
  ["a seed in hex", seed, `seed is ${seed}, keep it`],
  ["a seed in hex with a prefix", seed, `0x${seed}`],
  ["a seed in upper case", seed.toUpperCase(), seed.toUpperCase()],
  ["a secret key of 64 bytes in hex", seed + seed, seed + seed],
  ["a database URL", "hunter2", "cannot reach postgres://agent:hunter2@db:5432/ledger now"],
  ["a URL without a user", "hunter2", "redis://:hunter2@cache:6379"],
  ["a URL whose password has signs", "hun@ter/2", "postgres://agent:hun@ter/2@db/ledger"],
  ["a URL whose password has a quote", 'hun"ter2', 'postgres://agent:hun"ter2@db/ledger'],
  ["a libpq connection", "hunter2", "host=db user=agent password=hunter2 dbname=ledger"],
  ["a quoted libpq connection", "hun ter2", "host=db password='hun ter2' dbname=ledger"],
  ["a bearer token", "abc123.def-456~ghi", "sent Authorization: Bearer abc123.def-456~ghi\nto it"],
  ["a basic authorization", "YWRtaW46aHVudGVyMg==", "Basic YWRtaW46aHVudGVyMg=="],
  ["a cookie", "sid=31d4d96e407aad42", "cookie: sid=31d4d96e407aad42; other=1"],
  ["a JSON Web Token", jwt.slice(21), `token ${jwt} expired`],
  ["a JSON Web Key", jwk.d as string, JSON.stringify(jwk)],
  ["a password in JSON", "hunter2 of Ana", JSON.stringify({ user: "ana", password: "hunter2 of Ana" })],
  ["an API key in a query", "k-9f8e7d6c", "https://venue/orders?api_key=k-9f8e7d6c&symbol=BTC"],
];

describe("a secret is not in the log", () => {
  it.each(SHAPES)("%s", (_, secret, text) => {
    expect(text).toContain(secret);
    const places: [object, string][] = [
      [{}, text],
      [{ text }, "a field"],
      [{ a: { b: [{ c: { d: [text] } }] } }, "deep below"],
      [{ err: new Error(text, { cause: new Error(text) }) }, "an error"],
      [{}, `JSON: ${JSON.stringify({ outer: { text } })}`],
    ];
    for (const [fields, message] of places) {
      const line = written(fields, message);
      for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) expect(line).not.toContain(form);
      expect(line).toMatch(/\[(redacted|bytes)\]/);
      // Still one line of JSON, that says who and when.
      expect(JSON.parse(line)).toMatchObject({ agent: "policy", level: "info" });
      expect(line.indexOf("\n")).toBe(line.length - 1);
    }
  });

  it.each([
    "password",
    "passwd",
    "passphrase",
    "secret",
    "clientSecret",
    "authorization",
    "Authorization",
    "set-cookie",
    "apiKey",
    "api_key",
    "privateKey",
    "signing_key",
    "access_token",
    "seed",
    "mnemonic",
  ])("the value of a field named %s, whatever it is and however deep", (name) => {
    for (const value of [
      "plain words",
      'with "quotes" and \\',
      ["a list", ["plain words"]],
      { of: { this: ["plain words"] } },
    ])
      for (const fields of [{ [name]: value }, { a: { [name]: value } }, { a: { b: { c: { [name]: value } } } }]) {
        const line = written(fields, "a field");
        expect(line).not.toMatch(/plain words|quotes/);
        expect(() => JSON.parse(line)).not.toThrow();
      }
  });

  it("the value at a path that was named", () => {
    let line = "";
    const to = {
      write: (chunk: string) => {
        line += chunk;
      },
    };
    const log = openLogs({ agent: "execution", redact: ["venue.account", "list[*].owner"], to });
    log.info({ venue: { account: "A-17", name: "paper" }, list: [{ owner: "Ana" }] }, "opened");
    expect(line).not.toMatch(/A-17|Ana/);
    expect(JSON.parse(line)).toMatchObject({ venue: { account: "[redacted]", name: "paper" } });
  });

  it("bytes, whatever they are", () => {
    const key = randomBytes(32);
    for (const fields of [{ key }, { a: [{ key }] }, { key: new Uint8Array(key) }]) {
      const line = written(fields, "bytes");
      expect(line).toContain("[bytes]");
      expect(line).not.toContain(key.join(","));
      expect(line).not.toContain(`"0":${key[0]}`);
    }
  });
});

describe("what is no secret stays", () => {
  it.each([
    [{ digest: seed }, seed],
    [{ intentDigest: seed }, seed],
    [{ ledger: { root: seed, head: seed, prev: seed } }, seed],
    [{ image: `sha256:${seed}` }, seed],
    [{ url: "postgres://db:5432/ledger" }, "postgres://db:5432/ledger"],
    [{ url: "http://127.0.0.1:4318/v1/traces" }, "4318/v1/traces"],
    [{ seed: 42 }, "42"],
    [{ msg_id: "018bcfe5-6800-7b00-8b00-0123456789ab" }, "018bcfe5-6800-7b00-8b00-0123456789ab"],
    [{ trace_id: "018bcfe568007b008b000123456789ab" }, "018bcfe568007b008b000123456789ab"],
    [{ list: { "0": "first" } }, "first"],
  ])("%j", (fields, text) => {
    expect(written(fields, "a line")).toContain(text);
  });

  it("a public key in PEM", () => {
    const publicKey = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
    expect(written({}, publicKey)).toContain(inside(publicKey));
  });
});

describe("a line that somebody else wrote", () => {
  it.each([
    ["a://b:".repeat(5_000), "URLs that never end"],
    [`-----BEGIN PRIVATE KEY-----${"A".repeat(50_000)}`, "a key that never ends"],
    [`"${'\\"password'.repeat(5_000)}`, "names without values"],
    [`authorization: ${"\\".repeat(50_000)}`, "backslashes"],
    ["f".repeat(100_000), "one long hex"],
    [`{"0":1${',"1":1'.repeat(20_000)}`, "a list that never ends"],
    ["password=".repeat(10_000), "a name that repeats"],
    ["eyJ".repeat(30_000), "a token that never ends"],
  ])("cannot hold up the process: %#", (text) => {
    // Before its patterns were bounded, a line like these took 16 s and more.
    const started = performance.now();
    written({ text }, text);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
