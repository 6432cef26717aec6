/** Where whoever called us stands: files named on the command line are seen from there. */
import { resolve } from "node:path";

export interface Caller {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** npm runs a script in the folder of its package.json and says in INIT_CWD where it was called. */
export function fromCaller(path: string, { cwd, env }: Caller): string {
  return resolve(isNpmScript(env) ? (env.INIT_CWD ?? cwd) : cwd, path);
}

/**
 * `npm run demo --speed 10`, without `--` in the middle, gives the option to npm, which leaves it in the environment and hands us the
 * rest. One line with the cure, or undefined when npm kept nothing of ours.
 */
export function swallowedOptions(options: readonly SwallowableOption[], { env }: Caller): string | undefined {
  if (!isNpmScript(env)) return undefined;
  const swallowed = options.flatMap(({ name, hasValue }) => {
    const value = env[`npm_config_${name.replaceAll("-", "_")}`];
    if (value === undefined || value === "") return [];
    if (!hasValue) return [`--${name}`];
    // npm knows some of our names as switches of its own and keeps no value of them; of a repeated option it makes paragraphs.
    return value.split("\n\n").map((one) => `--${name} ${one === "true" || one === "false" ? "…" : one}`);
  });
  if (swallowed.length === 0) return undefined;
  const kept = swallowed.join(" ");
  return `npm kept ${kept} for itself. Write: npm run demo -- ${kept}`;
}

export interface SwallowableOption {
  /** Without dashes. */
  readonly name: string;
  readonly hasValue: boolean;
}

function isNpmScript({ npm_lifecycle_event }: Caller["env"]): boolean {
  return npm_lifecycle_event === "demo";
}
