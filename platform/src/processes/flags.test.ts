import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOG_LEVELS, Metrics } from "@countersign/telemetry";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FlagsOptions, openFlags } from "./flags.ts";

const EVERY_MS = 1_000;
let dir: string;
let file: string;
let closing: (() => Promise<void> | void)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-flags-"));
  file = join(dir, "flags.json");
  vi.useFakeTimers();
});
afterEach(async () => {
  for (const close of closing) await close();
  closing = [];
  vi.useRealTimers();
  rmSync(dir, { recursive: true });
});

function flag(variants: Readonly<Record<string, unknown>>, part: object = {}): object {
  return { state: "ENABLED", variants, defaultVariant: Object.keys(variants)[0], ...part };
}
const level = (to: string) => ({ "log-level": flag({ to }) });
const share = (to: number) => ({ "trace-share": flag({ to }) });
const write = (flags: object, more: object = {}) => writeFileSync(file, JSON.stringify({ ...more, flags }));
const only = (where: object) => ({ targeting: { if: [where, "some"] } });

/** A process with what a flag may change of it, and with what it logs. */
async function processOf(processName: string, name = processName) {
  const metrics = new Metrics({ agent: name });
  const lines: string[] = [];
  const observed = {
    metrics,
    logLevel: "info" as FlagsOptions["observed"]["logLevel"],
    traceRatio: 0.1,
    logAt(at: "warn" | "error", line: string) {
      if (LOG_LEVELS.indexOf(at) >= LOG_LEVELS.indexOf(this.logLevel))
        lines.push(`${at} ${line.replace(file, "FILE")}`);
    },
  };
  const flags = await openFlags({ dir, name, processName, observed, everyMs: EVERY_MS });
  closing.push(
    () => flags.close(),
    () => metrics.close(),
  );
  return {
    lines,
    told: () => [observed.logLevel, observed.traceRatio],
    isRefused: async () => (await metrics.render("text")).includes('countersign_flags_refused{agent="policy"} 1'),
    close: flags.close,
  };
}
const looked = () => vi.advanceTimersByTimeAsync(EVERY_MS);

describe("what a process tells", () => {
  it("is what it was started with, where there is no file", async () => {
    const { told, lines, isRefused } = await processOf("policy");
    await looked();
    expect([told(), lines, await isRefused()]).toEqual([["info", 0.1], [], false]);
  });

  it("is what its flags say from its start, and again what it was started with when they are gone", async () => {
    write({ ...level("debug"), ...share(1) });
    const { told, lines } = await processOf("policy");
    expect(told()).toEqual(["debug", 1]);
    rmSync(file);
    await looked();
    expect(told()).toEqual(["info", 0.1]);
    expect(lines).toEqual([
      "warn FILE: trace-share is 1, and was 0.1",
      "warn FILE: log-level is debug, and was info",
      "warn FILE: trace-share is 0.1, and was 1",
      "warn FILE: log-level is info, and was debug",
    ]);
  });

  it("changes with the file, and of what the file leaves out or switches off nothing", async () => {
    const { told } = await processOf("policy");
    write(level("error"));
    await looked();
    expect(told()).toEqual(["error", 0.1]);
    write({ "log-level": flag({ to: "trace" }, { state: "DISABLED" }), ...share(0) });
    await looked();
    expect(told()).toEqual(["info", 0]);
  });

  it("changes when a kubelet shows another volume in the place of the one before", async () => {
    const version = (n: number, to: string) => {
      mkdirSync(join(dir, `..${n}`));
      writeFileSync(join(dir, `..${n}`, "flags.json"), JSON.stringify({ flags: level(to) }));
      symlinkSync(`..${n}`, join(dir, "..data_tmp"));
      renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
    };
    version(1, "debug");
    symlinkSync("..data/flags.json", file);
    const { told } = await processOf("policy");
    expect(told()).toEqual(["debug", 0.1]);
    version(2, "warn");
    await looked();
    expect(told()).toEqual(["warn", 0.1]);
  });

  it("says of a quieter level before it holds, and of a louder one after", async () => {
    const { lines } = await processOf("policy");
    write(level("silent"));
    await looked();
    write(level("warn"));
    await looked();
    expect(lines).toEqual([
      "warn FILE: log-level is silent, and was info",
      "warn FILE: log-level is warn, and was silent",
    ]);
  });

  it("stays as it is when it is closed", async () => {
    const { told, close } = await processOf("policy");
    await close();
    write(level("debug"));
    await looked();
    expect(told()).toEqual(["info", 0.1]);
  });
});

describe("a rule", () => {
  const debugFor = (where: object) => write({ "log-level": flag({ all: "info", some: "debug" }, only(where)) });

  it("aims at one process, at one agent, or at a share of the processes", async () => {
    debugFor({ "==": [{ var: "process" }, "validator-2"] });
    const two = await processOf("validator-2");
    const three = await processOf("validator-3");
    expect([two.told()[0], three.told()[0]]).toEqual(["debug", "info"]);
    debugFor({ "==": [{ var: "agent" }, "validator"] });
    await looked();
    expect([two.told()[0], three.told()[0]]).toEqual(["debug", "debug"]);
    const thirty = [
      ["some", 30],
      ["all", 70],
    ];
    write({ "log-level": flag({ all: "info", some: "debug" }, { targeting: { fractional: thirty } }) });
    await looked();
    // By a digest of flag and process: alike wherever it is asked.
    expect([two.told()[0], three.told()[0]]).toEqual(["info", "debug"]);
  });

  it("may name the time at which it ends", async () => {
    const endsSeconds = Math.floor(Date.now() / 1_000) + 60;
    debugFor({ "<": [{ var: "$flagd.timestamp" }, endsSeconds] });
    const { told } = await processOf("policy");
    expect(told()).toEqual(["debug", 0.1]);
    await vi.advanceTimersByTimeAsync(61_000);
    expect(told()).toEqual(["info", 0.1]);
  });

  it("may stand once for several flags", async () => {
    const some = { if: [{ $ref: "isPolicy" }, "some"] };
    const isPolicy = { "==": [{ var: "agent" }, "policy"] };
    const flags = {
      "log-level": flag({ all: "info", some: "debug" }, { targeting: some }),
      "trace-share": flag({ all: 0, some: 1 }, { targeting: some }),
    };
    write(flags, { $evaluators: { isPolicy } });
    expect((await processOf("policy")).told()).toEqual(["debug", 1]);
  });
});

it("what docs/operations.md shows is a file of flags", async () => {
  const [, section = ""] = readFileSync(new URL("../../../docs/operations.md", import.meta.url), "utf8").split(
    "## Flags\n",
  );
  writeFileSync(file, section.split("```json\n")[1]?.split("```")[0] ?? "");
  const told = [await processOf("hedger"), await processOf("policy")].map((one) => one.told());
  expect(told).toEqual([
    ["debug", 1],
    ["info", 1],
  ]);
});

describe("a file that is none changes nothing, and is named in one line", () => {
  const both = { ...level("error"), ...share(1) };
  const cases: readonly (readonly [string, unknown, string])[] = [
    ["no JSON", "{", "it is no JSON"],
    ["no object", "null", "not of its kind"],
    ["nothing of flagd", "{}", "flags: missing"],
    [
      "a level that is none",
      { ...both, ...level("loud") },
      'flags.log-level.variants.to: "loud" is none of trace, debug',
    ],
    ["a share above 1", { ...both, ...share(1.5) }, "flags.trace-share.variants.to: 1.5 is no share of the traces"],
    [
      "a share that is a text",
      { ...both, "trace-share": flag({ to: "1" }) },
      'flags.trace-share.variants.to: "1" is no share',
    ],
    [
      "a bad value nobody is given",
      { "log-level": flag({ to: "info", other: "loud" }) },
      "flags.log-level.variants.other",
    ],
    ["a flag that is none", { ...both, "order-size": flag({ to: 10 }) }, "flags.order-size: no such field"],
    [
      "a state that is none",
      { "log-level": flag({ to: "error" }, { state: "ON" }) },
      "flags.log-level.state: not one of",
    ],
    [
      "a word misspelt",
      { "log-level": flag({ to: "error" }, { targetting: {} }) },
      "flags.log-level.targetting: no such",
    ],
    ["no such variant", { "log-level": flag({ to: "error" }, { defaultVariant: "x" }) }, "Default variant x missing"],
    [
      "a rule that is none",
      { ...both, "trace-share": flag({ to: 1 }, { targeting: { if: [{ nope: [1] }, "to"] } }) },
      "flags.trace-share.targeting: it is none by flagd's schema",
    ],
    [
      "a rule that ends nowhere",
      { ...both, "trace-share": flag({ to: 1 }, { targeting: { if: [true, "x", "to"] } }) },
      "Variant 'x' not found in flag with key 'trace-share'",
    ],
  ];

  it.each(cases)("%s", async (_, given, why) => {
    write({ ...level("debug"), ...share(0.5) });
    const { told, lines, isRefused } = await processOf("policy");
    lines.length = 0;
    if (typeof given === "string") writeFileSync(file, given);
    else write(given as object);
    await looked();
    await looked();
    expect(told()).toEqual(["debug", 0.5]);
    expect(lines).toEqual([expect.stringContaining(why)]);
    expect(lines[0]).toMatch(/^error FILE: .*\. What was said before holds$/);
    expect(await isRefused()).toBe(true);
    write(level("warn"));
    await looked();
    expect([told(), await isRefused()]).toEqual([["warn", 0.1], false]);
  });

  it("at the start too, and the process is as it was started", async () => {
    write({ ...level("debug"), ...share(2) });
    const { told, isRefused } = await processOf("policy");
    expect([told(), await isRefused()]).toEqual([["info", 0.1], true]);
  });

  it("a file that cannot be read is one of them", async () => {
    mkdirSync(file);
    const { told, lines } = await processOf("policy");
    expect([told(), lines]).toEqual([["info", 0.1], [expect.stringMatching(/^error FILE: EISDIR/)]]);
  });
});
