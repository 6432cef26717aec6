// A summer of the demo's market through the command, off a terminal; then everything that its last lines offer, on the folder it left.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { cloneFile, why } from "@countersign/platform";
import { Prng, uniform } from "@countersign/quant";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../scripts/run.ts";
import { type Ended, Place } from "./support/command.ts";
import { type ReadRun, readRun } from "./support/run-folder.ts";

/** Long enough for a question that nobody answers, hedges, the intruder, and refusals. */
const SUMMER = ["--from", "2015-06-01", "--to", "2015-09-05"];

const seed = BigInt(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));

let place: Place;
let demo: Ended;
let left: ReadRun;
beforeAll(async () => {
  console.log(`the demo: SEED=${seed}`);
  place = new Place();
  demo = await place.run(["demo", ...SUMMER, "--json", "report.json"]);
  left = readRun(place.runFolder(1));
}, 120_000);
afterAll(() => place[Symbol.asyncDispose]());

describe("what it prints", () => {
  it("is plain text off a terminal, and it ends well", () => {
    expect([demo.code, demo.err]).toEqual([0, ""]);
    expect(demo.out).not.toContain("\u001b");
    expect(demo.out.split("\n")[0]).toBe(
      "countersign demo · REPLAY · no account, no network, nothing leaves your machine",
    );
    expect(demo.out).toMatch(/^10 agents ready; trading opened by 3 of 3 validators; 100,000\.00 deposited by you /m);
    expect(demo.out).toMatch(/ kept as run 1$/m);
  });

  it("is every line that was told, with its number, and all that happens in a summer", () => {
    const { told } = left.facts;
    const lines = demo.out.split("\n").filter((line) => /^ #\d+ /.test(line));
    expect(lines.map((line) => /^ #(\d+) +\S+ +(\w+)/.exec(line)?.slice(1))).toEqual(
      told.map(({ n, kind }) => [String(n), kind]),
    );
    const kinds = told.map(({ kind }) => kind);
    expect(kinds).toEqual(
      expect.arrayContaining(["BOUGHT", "SOLD", "HEDGED", "REFUSED", "WAITING", "EXPIRED", "INTRUDER"]),
    );
  });

  it("does not say that it is the README's run, which it is not", () => {
    expect(demo.out).not.toContain("the README shows the same one");
  });

  it("money that adds up, to the cent", () => {
    const [, equity = "", deposits = "", realised = "", unrealised = "", fees = ""] =
      /^equity (\S+) = deposits (\S+) \+ realised (\S+) \+ unrealised (\S+) − fees (\S+) /m.exec(demo.out) ?? [];
    expect(cents(equity)).toBe(cents(deposits) + cents(realised) + cents(unrealised) - cents(fees));
    const { report } = left;
    const stated = [report.equity, report.deposits, report.realised, report.unrealised, report.fees];
    expect([equity, deposits, realised, unrealised, fees].map(cents)).toEqual(stated.map((text) => cents(text ?? "")));
    expect(cents(fees)).toBeGreaterThan(0n);
  });

  it("verdicts that add up: each intent was permitted, refused or asked about", () => {
    const [, intents, permitted, refused, asked] = (
      /^(\d+) intents: (\d+) permitted, (\d+) refused, (\d+) asked/m.exec(demo.out) ?? []
    ).map(Number);
    const { permits, rejections, escalations, approvals } = left.report;
    // Off a terminal nobody answers: whatever was asked has expired.
    expect([permitted, refused, asked]).toEqual([permits, rejections.total - approvals.expired, escalations]);
    expect(intents).toBe(permits + rejections.total - approvals.expired + escalations);
    expect([approvals.given, approvals.expired]).toEqual([0, escalations]);
  });
});

describe("the report", () => {
  it("lies where --json says, too", () => {
    expect(JSON.parse(readFileSync(join(place.dir, "report.json"), "utf8"))).toEqual(left.report);
  });

  it("counts what is on record", () => {
    const { report, records } = left;
    const ofType = (type: string) => records.filter(({ body }) => body.type === type);
    expect(report.counts.records).toBe(records.length);
    expect(report.signals).toBe(ofType("market.signal").length);
    expect(report.permits).toBe(ofType("permit.issued").length);
    expect(report.escalations).toBe(ofType("order.escalated").length);
    expect(report.rejections.total).toBe(ofType("order.rejected").length);
    expect(report.orders).toBe(ofType("order.accepted").length);
    expect(report.fills).toBe(ofType("order.filled").length);
    expect(report.hedges).toBe(ofType("hedge.placed").length);
    for (const least of [report.signals, report.orders, report.fills, report.hedges, report.escalations])
      expect(least).toBeGreaterThan(0);
  });

  it("has opened every envelope that was sealed, or refused it, and each entry has three votes", () => {
    const { counts, ledgerHead } = left.report;
    expect(counts.opened + counts.refused).toBe(counts.sealed);
    const ledger = jsonLines("ledger.jsonl");
    expect(counts.votes).toBe(3 * ledger.length);
    expect(ledger.at(-1)?.entryDigest).toBe(ledgerHead);
  });

  it("the intruder was refused as often as he tried", () => {
    const { tried, refused } = left.report.intruder;
    expect(tried).toBeGreaterThanOrEqual(7);
    expect(refused).toBe(tried);
    expect(demo.out).toMatch(new RegExp(`INTRUDER +${tried} attempts .* ${refused} refused`));
  });
});

describe("the folder", () => {
  it("has all its files, and nothing else", () => {
    expect(place.runs).toEqual(["1"]);
    const files = ["audit", "journal", "ledger", "quotes"].map((name) => `${name}.jsonl`);
    const facts = ["limits", "report", "run"].map((name) => `${name}.json`);
    expect(readdirSync(place.runFolder(1)).toSorted()).toEqual([...files, ...facts].toSorted());
    expect(readFileSync(join(place.runFolder(1), "limits.json"))).toEqual(
      readFileSync(cloneFile("limits/default.json")),
    );
  });

  it("explains every line that was told", () => {
    for (const { n, kind } of left.facts.told) {
      const steps = why(place.runFolder(1), n).steps.map(({ step }) => step);
      const wanted = STEPS[kind];
      expect(wanted, `no test knows what #${n} ${kind} has to explain`).toBeDefined();
      expect(steps, `#${n} ${kind}`).toEqual(expect.arrayContaining([...(wanted ?? [])]));
    }
  });

  it("whose ledger a script that shares no code adds up to the same", async () => {
    const args = [cloneFile("scripts/recompute-ledger.ts"), place.runFolder(1)];
    const { code, output } = await run("node", [...args, cloneFile("markets/aapl-spx-1d.csv.gz")]);
    expect(output).toMatch(/; (\d+) of \1 prices found in the trace\nthe money identity holds after every entry/);
    expect(code).toBe(0);
  });
});

describe("the commands", () => {
  it("why and audit verify read the folder alone, somewhere else", async () => {
    await using elsewhere = new Place();
    mkdirSync(join(elsewhere.state, "runs"));
    cpSync(place.runFolder(1), elsewhere.runFolder(7), { recursive: true });
    const filled = left.facts.told.find(({ kind }) => kind === "BOUGHT")?.n ?? 0;
    const tree = await elsewhere.run(["why", String(filled)]);
    expect([tree.code, tree.err]).toEqual([0, ""]);
    expect(tree.out.split("\n")[0]).toMatch(new RegExp(`^#${filled} .* BOUGHT `));
    for (const step of ["quote", "signal", "intent", "policy", "permit", "order", "fill", "entry"])
      expect(tree.out).toMatch(new RegExp(`^[├└]─ ${step} `, "m"));

    const verdict = await elsewhere.run(["audit", "verify"]);
    expect([verdict.code, verdict.err]).toEqual([0, ""]);
    expect(verdict.out).toContain(`in order: ${left.records.length} records in `);
    expect(verdict.out).toContain(left.report.auditHead);
  });

  it("audit verify says what is wrong with a log in which one bit was flipped", async () => {
    const bytes = readFileSync(join(place.runFolder(1), "audit.jsonl"));
    const prng = new Prng(seed);
    for (let sample = 0; sample < 3; sample++) {
      const [at, bit] = [Math.floor(uniform(prng) * bytes.length), Math.floor(uniform(prng) * 8)];
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << bit), at);
      place.write("flipped.jsonl", flipped);
      const { code, out, err } = await place.run(["audit", "verify", "flipped.jsonl"]);
      const what = `bit ${bit} of byte ${at}, SEED=${seed}:\n${out}${err}`;
      expect(code, what).toBe(1);
      // Whatever can still be read as a log has findings, each with its code; anything else is said in one line.
      if (err === "")
        expect(out, what).toMatch(/^[A-Z_]+ {2}(line \d+|the file): .*$[\s\S]*^FAILED {2}\d+ findings?: /m);
      else expect(err, what).toMatch(/^countersign: [^\n]*line \d+[^\n]*\n$/);
    }
  });

  it("replay makes every decision again", async () => {
    const { code, out, err } = await place.run(["replay"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^run 1: \d[\d,]* decisions made again: the same effects, byte for byte$/m);
  });

  it("replay does not reproduce a run under other limits", async () => {
    const limits = readFileSync(cloneFile("limits/default.json"), "utf8");
    writeFileSync(join(place.runFolder(1), "limits.json"), limits.replace('"0.35"', '"0.36"'));
    const { code, out } = await place.run(["replay"]);
    expect(code).toBe(1);
    expect(out).toMatch(/^FAILED {2}policy, decision \d+: /m);
    expect(out).toMatch(/^run 1: .* not reproduced$/m);
  });

  it("replay asks for the very trace and the very strategy of the run", async () => {
    const trace = gunzipSync(readFileSync(cloneFile("markets/aapl-spx-1d.csv.gz")));
    const strategy = readFileSync(cloneFile("strategies/trend.ts"), "utf8");
    place.write("days.csv", trace);
    place.write("mine.ts", strategy);
    const options = ["--trace", "days.csv", "--hedge", "SPX", "--strategy", "mine.ts"];
    const demo = await place.run(["demo", ...options, "--from", "2015-08-03", "--to", "2015-08-14"]);
    expect([demo.code, demo.err]).toEqual([0, ""]);
    expect(await place.run(["replay", "2"])).toMatchObject({ code: 0, err: "" });

    place.write("mine.ts", `${strategy}// a word more\n`);
    const changed = await place.run(["replay", "2"]);
    expect(changed.err).toMatch(/^countersign: .*mine\.ts was changed since that run: put the version .* back\n$/);
    expect(changed.code).toBe(1);

    place.write("mine.ts", strategy);
    place.write("days.csv", trace.subarray(0, trace.length - 1));
    const shorter = await place.run(["replay", "2"]);
    expect(shorter.err).toMatch(
      /^countersign: .*days\.csv is not the trace of that run .* put the recorded file back\n$/,
    );
    expect(shorter.code).toBe(1);
  });
});

/** What a line of this kind has to be explained by, at least. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  BOUGHT: ["quote", "signal", "intent", "policy", "permit", "order", "fill", "entry"],
  SOLD: ["quote", "signal", "intent", "policy", "permit", "order", "fill", "entry"],
  HEDGED: ["quote", "intent", "policy", "permit", "order", "hedge", "fill", "entry"],
  UNFILLED: ["quote", "signal", "intent", "policy", "permit", "order"],
  REFUSED: ["quote", "signal", "intent", "policy"],
  WAITING: ["quote", "signal", "intent", "policy"],
  EXPIRED: ["quote", "signal", "intent", "policy"],
  INTRUDER: ["refused", "totals"],
};

function cents(text: string): bigint {
  const [, sign, whole = "", hundredths = ""] = /^([−-]?)(\d+)\.(\d\d)$/.exec(text.replaceAll(",", "")) ?? [];
  if (sign === undefined) throw new Error(`no amount: "${text}"`);
  return BigInt(whole + hundredths) * (sign === "" ? 1n : -1n);
}

function jsonLines(file: string): readonly { readonly entryDigest?: string }[] {
  const text = readFileSync(join(place.runFolder(1), file), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
