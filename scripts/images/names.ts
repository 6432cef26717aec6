/** What images there are, and what each runs. */
export const MAIN = "platform/src/processes/main.ts";

const AGENTS = ["signal", "portfolio", "hedger", "policy", "execution", "compliance", "operator"];
const MODULES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(AGENTS.map((name) => [name, "./agent.ts"])),
  market: "./market.ts",
  gateway: "./gateway.ts",
  validator: "./validator.ts",
  "paper-exchange": "./exchange.ts",
};

/** Images of one process each. */
export const PROCESSES = Object.keys(MODULES);

export function isProcess(name: string): boolean {
  return name in MODULES;
}

/** What main.ts imports for it. */
export function moduleOf(name: string): string {
  const module = MODULES[name];
  if (module === undefined) throw new Error(`${name}: no process has this name`);
  return module;
}
