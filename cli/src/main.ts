#!/usr/bin/env node
/** The command line. Expected failures are one line; everything else is a mistake of ours, and says where. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { CommanderError } from "commander";
import { swallowedOptions } from "./caller.ts";
import { describeFailure, exitCodes } from "./failure.ts";
import { program, swallowableOptions } from "./program.ts";

// Collect after a third of growth instead of a doubling: a replay makes much that lives for a moment, and its memory should stay flat.
setFlagsFromString("--heap-growing-percent=30");
process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<number> {
  const caller = { cwd: process.cwd(), env: process.env };
  const swallowed = swallowedOptions(swallowableOptions(), caller);
  if (swallowed !== undefined) {
    console.error(`countersign: ${swallowed}`);
    return exitCodes.usage;
  }
  const { command, exitCode } = program(version(), caller);
  try {
    await command.parseAsync(argv);
    return exitCode();
  } catch (error) {
    // commander has said what is wrong, or has shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const { line, stack, exitCode } = describeFailure(error);
    console.error(`countersign: ${line}${stack === undefined ? "" : `\n${stack}`}`);
    return exitCode;
  }
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return version;
}
