import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { SchemaError } from "./errors.ts";
import type { RegistryAccess } from "./registry.ts";

const USAGE = "usage: npm run schema -- check [--seed N] | release | publish --url http://host:8081";

export interface SchemaArgs {
  readonly command: "check" | "release" | "publish";
  /** Of the wire test; another one each time when none is given. */
  readonly seed: bigint;
  readonly url: string | undefined;
}

/** @throws SchemaError BAD_OPTION */
export function readArgs(args: readonly string[]): SchemaArgs {
  const options = { url: { type: "string" }, seed: { type: "string" } } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const [command, ...rest] = positionals;
    const seed = BigInt(values.seed ?? randomBytes(4).readUInt32BE());
    const isCommand = command === "check" || command === "release" || command === "publish";
    if (isCommand && rest.length === 0) return { command, seed, url: values.url };
  } catch {
    // Node names the option it does not know; the usage names those there are.
  }
  throw new SchemaError("BAD_OPTION", USAGE);
}

/**
 * Where the registry is, and what to show it. Variables named as Confluent's clients name their settings (`basic.auth.user.info`,
 * `bearer.auth.token`). @throws SchemaError BAD_OPTION
 */
export function accessOf(url: string | undefined, env: Readonly<Record<string, string | undefined>>): RegistryAccess {
  if (url === undefined || !/^https?:\/\/[^@]+$/.test(url) || !URL.canParse(url))
    throw new SchemaError(
      "BAD_OPTION",
      `${USAGE}; credentials belong in SCHEMA_REGISTRY_USER_INFO or SCHEMA_REGISTRY_TOKEN`,
    );
  const { SCHEMA_REGISTRY_USER_INFO: userInfo, SCHEMA_REGISTRY_TOKEN: token } = env;
  if (userInfo !== undefined && token !== undefined)
    throw new SchemaError("BAD_OPTION", "SCHEMA_REGISTRY_USER_INFO and SCHEMA_REGISTRY_TOKEN are both set: unset one");
  if (userInfo !== undefined) return { url, authorization: `Basic ${Buffer.from(userInfo).toString("base64")}` };
  return token === undefined ? { url } : { url, authorization: `Bearer ${token}` };
}
