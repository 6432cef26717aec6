/** What images there are, and what each runs. */
export const MAIN = "platform/src/processes/main.ts";

const AGENTS = ["portfolio", "hedger", "policy", "execution", "compliance", "operator"];
const MODULES: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(AGENTS.map((name) => [name, ["./agent.ts"]])),
  // The next version beside the one that trades is the same image under another name.
  signal: ["./agent.ts", "./canary.ts"],
  market: ["./market.ts"],
  gateway: ["./gateway.ts"],
  validator: ["./validator.ts"],
  "paper-exchange": ["./exchange.ts"],
};

/** Images of one process each. */
export const PROCESSES = Object.keys(MODULES);

export function isProcess(name: string): boolean {
  return name in MODULES;
}

/** What main.ts imports for it. */
export function modulesOf(name: string): readonly string[] {
  const modules = MODULES[name];
  if (modules === undefined) throw new Error(`${name}: no process has this name`);
  return modules;
}
