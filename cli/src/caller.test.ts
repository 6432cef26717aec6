import { describe, expect, it } from "vitest";
import { fromCaller, swallowedOptions } from "./caller.ts";
import { swallowableOptions } from "./program.ts";

const shell = { cwd: "/home/ada", env: {} };
const npm = (env: Record<string, string>) => ({
  cwd: "/clone",
  env: { npm_lifecycle_event: "demo", INIT_CWD: "/home/ada", ...env },
});

describe("files are seen from where we were called", () => {
  it.each([
    [shell, "my.json", "/home/ada/my.json"],
    [npm({}), "my.json", "/home/ada/my.json"],
    [npm({}), "/etc/my.json", "/etc/my.json"],
    // A script of somebody else, in which ./countersign is called.
    [
      { cwd: "/elsewhere", env: { npm_lifecycle_event: "test", INIT_CWD: "/home/ada" } },
      "my.json",
      "/elsewhere/my.json",
    ],
  ])("%#", (caller, path, whole) => {
    expect(fromCaller(path, caller)).toBe(whole);
  });
});

describe("what npm swallowed", () => {
  const names = swallowableOptions().map(({ name }) => name);

  it("is every option of the demo", () => {
    expect(names.toSorted()).toEqual([
      "from",
      "hedge",
      "json",
      "limits",
      "market",
      "seed",
      "speed",
      "strategy",
      "to",
      "trace",
    ]);
  });

  it.each(names)("--%s is named with the cure", (name) => {
    expect(swallowedOptions(swallowableOptions(), npm({ [`npm_config_${name}`]: "x" }))).toBe(
      `npm kept --${name} x for itself. Write: npm run demo -- --${name} x`,
    );
  });

  it("several in one line, repeated ones too, and a value that npm did not keep", () => {
    const env = { npm_config_json: "true", npm_config_strategy: "a.ts\n\nb.ts" };
    expect(swallowedOptions(swallowableOptions(), npm(env))).toBe(
      "npm kept --strategy a.ts --strategy b.ts --json … for itself. Write: npm run demo -- --strategy a.ts --strategy b.ts --json …",
    );
  });

  it("is nothing where npm kept nothing, and where npm has not called us", () => {
    expect(swallowedOptions(swallowableOptions(), npm({ npm_config_user_agent: "npm" }))).toBeUndefined();
    expect(swallowedOptions(swallowableOptions(), { cwd: "/", env: { npm_config_speed: "10" } })).toBeUndefined();
  });
});
