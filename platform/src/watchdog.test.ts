import { execFile } from "node:child_process";
import { describe, expect, it } from "vitest";
import { startWatchdog } from "./watchdog.ts";

/** A process of its own: what the watchdog ends is the whole process. */
function run(program: string): Promise<{ readonly ended: number | string; readonly stderr: string }> {
  const source = `import { startWatchdog } from ${JSON.stringify(new URL("./watchdog.ts", import.meta.url).href)};\n${program}`;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--input-type=module-typescript", "-e", source],
      { timeout: 20_000, killSignal: "SIGQUIT" },
      (error, _out, stderr) => resolve({ ended: child.signalCode ?? error?.code ?? 0, stderr }),
    );
  });
}

const START = `const { watch } = startWatchdog({ strategies: ["strategy:calm@1", "strategy:loops@2"], limitMs: 400 });
for (let n = 0; n < 1000; n++) watch("strategy:calm@1")();`;

describe("the watchdog", () => {
  it("ends the process of a strategy that loops, and names it and the cure in one line", async () => {
    const { ended, stderr } = await run(`${START} watch("strategy:loops@2"); for (;;);`);
    expect(ended).toBe("SIGTERM");
    expect(stderr).toBe(
      "countersign: strategy:loops@2 has not come back from one bar in 0.4 s: mend the loop in its onBar (docs/first-strategy.md), or run without it\n",
    );
  });

  it("ends one that ignores the first signal", async () => {
    const { ended } = await run(`process.on("SIGTERM", () => {}); ${START} watch("strategy:loops@2"); for (;;);`);
    expect(ended).toBe("SIGKILL");
  });

  it("leaves a process alone in which every call comes back, however many there are, and lets it end", async () => {
    const calls = `const until = performance.now() + 1200; while (performance.now() < until) watch("strategy:calm@1")();`;
    expect(await run(`${START} ${calls} await new Promise((later) => setTimeout(later, 900));`)).toEqual({
      ended: 0,
      stderr: "",
    });
  });

  it("costs less than a microsecond a call", async () => {
    await using dog = startWatchdog({ strategies: ["strategy:trend@1"] });
    const { watch } = dog;
    const best = Math.min(
      ...Array.from({ length: 10 }, () => {
        const begun = performance.now();
        for (let n = 0; n < 10_000; n++) watch("strategy:trend@1")();
        return (performance.now() - begun) / 10_000;
      }),
    );
    expect(best * 1000).toBeLessThan(1);
  });
});
