import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { scratch } from "../test/scratch.ts";
import { type LogLevel, logFatalErrors, logLevelOf, MessageLog, openLogs } from "./logs.ts";

function openTestLogs(level: LogLevel = "debug") {
  const lines: Record<string, unknown>[] = [];
  const to = new Writable({
    write(chunk, _, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { log: openLogs({ agent: "execution", level, to }), lines };
}

const context = {
  correlationId: "018bcfe5-6800-7b00-8b00-0123456789ab",
  msgId: "018bcfe5-6801-7c00-9b00-fedcba987654",
};

describe("a line", () => {
  it("says who, when and how grave, and what message it is about", () => {
    const { log, lines } = openTestLogs();
    new MessageLog(log, context).warn("late", { late_ms: 1_200 });
    expect(lines).toEqual([
      {
        level: "warn",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        agent: "execution",
        correlation_id: context.correlationId,
        msg_id: context.msgId,
        trace_id: "018bcfe568007b008b000123456789ab",
        span_id: "9b00fedcba987654",
        late_ms: 1_200,
        msg: "late",
      },
    ]);
    expect(Math.abs(Date.parse(lines[0]?.time as string) - Date.now())).toBeLessThan(5_000);
  });

  it("is written, without what cannot be", () => {
    const { log, lines } = openTestLogs();
    const thrower = {
      toJSON: () => {
        throw new Error("no JSON of this");
      },
    };
    const circle: Record<string, unknown> = { amount: 12n };
    circle.self = circle;
    const message = new MessageLog(log, context);
    message.warn("thrower", { thrower });
    message.warn("circle", { circle });
    expect(lines.map(({ msg }) => msg)).toEqual(["thrower", "circle"]);
  });

  it("is written from its level on", () => {
    const { log, lines } = openTestLogs("warn");
    const message = new MessageLog(log, context);
    for (const level of ["debug", "info", "warn", "error"] as const) message[level](level);
    expect(lines.map(({ msg }) => msg)).toEqual(["warn", "error"]);
  });

  it("makes no child for what is not written", () => {
    const { log } = openTestLogs("error");
    let children = 0;
    const child = log.child.bind(log);
    log.child = ((...given: Parameters<typeof child>) => {
      children++;
      return child(...given);
    }) as typeof log.child;
    const message = new MessageLog(log, context);
    for (let i = 0; i < 100; i++) message.info("quiet");
    expect(children).toBe(0);
    for (let i = 0; i < 3; i++) message.error("loud");
    expect(children).toBe(1);
  });
});

describe("the level", () => {
  it("comes from the environment", () => {
    expect(logLevelOf({})).toBe("info");
    expect(logLevelOf({ LOG_LEVEL: "DEBUG" })).toBe("debug");
    expect(() => logLevelOf({ LOG_LEVEL: "verbose" })).toThrow(
      expect.objectContaining({ code: "BAD_OPTION", message: expect.stringContaining("LOG_LEVEL") }),
    );
  });

  it("and a file that cannot be written are told at once", () => {
    expect(() => openLogs({ agent: "policy", file: "/nowhere/log" })).toThrow(
      expect.objectContaining({ code: "FILE_UNUSABLE" }),
    );
  });
});

describe("the last line", () => {
  const DEATHS = {
    thrown: `setTimeout(() => { throw new Error("broken invariant: the book") });`,
    rejected: `Promise.reject(new Error("broken invariant: the book"));`,
    killed: `log.fatal("broken invariant: the book"); process.kill(process.pid, "SIGKILL");`,
  };

  it.each((["file", "pipe"] as const).flatMap((to) => Object.keys(DEATHS).map((how) => [how, to] as const)))(
    "survives a death that is %s, in a %s",
    async (how, to) => {
      const file = join(scratch("logs"), "agent.log");
      const program = `
      import { logFatalErrors, openLogs } from ${JSON.stringify(import.meta.resolve("./logs.ts"))};
      const log = openLogs({ agent: "policy", file: process.argv[1] || undefined });
      logFatalErrors(log);
      for (let i = 0; i < 200; i++) log.info({ i }, "before");
      ${DEATHS[how as keyof typeof DEATHS]}`;
      const given = to === "file" ? [file] : [];
      const child = spawn(process.execPath, ["--input-type=module", "-e", program, ...given], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      let piped = "";
      child.stdout.on("data", (chunk) => {
        piped += chunk;
      });
      const [code, signal] = await once(child, "close");
      expect(how === "killed" ? signal : code).toBe(how === "killed" ? "SIGKILL" : 1);
      const lines = (to === "file" ? readFileSync(file, "utf8") : piped).trimEnd().split("\n");
      expect(lines.length).toBe(201);
      expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ level: "fatal" });
      expect(lines.at(-1)).toContain("broken invariant: the book");
    },
  );

  it.each([
    ["the disk is full", "/dev/full", "ignore"],
    ["nobody reads", "", "pipe"],
  ] as const)("and all others are lost when %s, and the work goes on", async (_, file, stdout) => {
    const program = `
      import { openLogs } from ${JSON.stringify(import.meta.resolve("./logs.ts"))};
      const log = openLogs({ agent: "policy", file: process.argv[1] || undefined });
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (let i = 0; i < 2_000; i++) log.info({ i }, "lost");
      log.fatal("lost too");
      await new Promise((resolve) => setTimeout(resolve, 50));
      process.exit(7);`;
    const given = file === "" ? [] : [file];
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, ...given], {
      stdio: ["ignore", stdout, "inherit"],
      timeout: 20_000,
    });
    child.stdout?.destroy();
    expect(await once(child, "close")).toEqual([7, null]);
  });

  it("is watched for until the watch is taken off", () => {
    const { log } = openTestLogs();
    const before = process.listenerCount("uncaughtExceptionMonitor");
    const stop = logFatalErrors(log);
    expect(process.listenerCount("uncaughtExceptionMonitor")).toBe(before + 1);
    stop();
    expect(process.listenerCount("uncaughtExceptionMonitor")).toBe(before);
  });
});
