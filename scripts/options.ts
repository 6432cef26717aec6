import { relative } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./run.ts";

/**
 * What a person asked a program of this folder for. What is wrong with it is one line, with the options there are, and exit code 2.
 * The head of the program says what they mean.
 */
export const parseOptions: typeof parseArgs = (config) => {
  try {
    return parseArgs(config);
  } catch (error) {
    const [what = ""] = (error as Error).message.split(". ");
    const options = Object.keys(config?.options ?? {}).map((name) => `--${name}`);
    const known = options.length > 0 ? options.join(", ") : "none";
    console.error(
      `${what}: the options of ${relative(root, process.argv[1] ?? "")} are ${known}; its first lines say more`,
    );
    return process.exit(2);
  }
};
