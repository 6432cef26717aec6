import { describe, expect, it } from "vitest";
import { accessOf, readArgs } from "./options.ts";

const url = "http://registry:8081";

describe("the command line", () => {
  it("names a command, and what it may need", () => {
    expect(readArgs(["check", "--seed", "7"])).toEqual({ command: "check", seed: 7n, url: undefined });
    expect(readArgs(["publish", "--url", url])).toMatchObject({ command: "publish", url });
  });

  it.each([
    ["no command", []],
    ["a command that there is not", ["delete"]],
    ["two commands", ["check", "release"]],
    ["an option that there is not", ["check", "--quick"]],
    ["a seed that is no number", ["check", "--seed", "x"]],
  ])("with %s is wrong usage", (_, args) => {
    expect(() => readArgs(args)).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});

describe("the registry's address and credentials", () => {
  it.each([
    ["none", {}, undefined],
    [
      "user and password",
      { SCHEMA_REGISTRY_USER_INFO: "anna:s:e" },
      `Basic ${Buffer.from("anna:s:e").toString("base64")}`,
    ],
    ["a token", { SCHEMA_REGISTRY_TOKEN: "abc.def" }, "Bearer abc.def"],
  ])("come from the environment: %s", (_, env, authorization) => {
    expect(accessOf(url, env)).toEqual(authorization === undefined ? { url } : { url, authorization });
  });

  it.each([
    ["no address", undefined, {}],
    ["an address that is none", "registry:8081", {}],
    ["credentials in the address", "http://anna:secret@registry:8081", {}],
    ["both kinds of credentials", url, { SCHEMA_REGISTRY_USER_INFO: "a:b", SCHEMA_REGISTRY_TOKEN: "c" }],
  ])("are wrong usage with %s", (_, address, env) => {
    expect(() => accessOf(address, env)).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});
