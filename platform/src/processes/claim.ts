/**
 * One supervisor a folder: `up.pid` names who runs the cluster. It is left behind by kill -9, and then names nobody: the next one takes
 * its place.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../inputs.ts";
import { startOf } from "./identity.ts";

interface Holder {
  readonly pid: number;
  readonly started: string;
}

const TRIES = 10;

/** @throws InputError when somebody who lives runs this cluster */
export function claimFolder(dir: string): Disposable {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, "up.pid");
  const own: Holder = { pid: process.pid, started: startOf(process.pid) ?? "" };
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, `${JSON.stringify(own)}\n`);
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      if (linked(mine, path)) return { [Symbol.dispose]: () => release(path, own) };
      const holder = holderOf(path);
      if (holder !== undefined && startOf(holder.pid) === holder.started)
        throw new InputError(
          "BAD_OPTION",
          `${dir}: process ${holder.pid} runs this cluster already: end it there with Ctrl-C, or name another folder with --dir`,
        );
      setAside(path, holder);
    }
    throw new InputError("BAD_OPTION", `${path}: others take this cluster at the same time: try once more`);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** A link is made whole or not at all, and never over one that is there. */
function linked(mine: string, path: string): boolean {
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Moves the dead one's claim away; a claim that somebody else made meanwhile is given back. */
function setAside(path: string, dead: Holder | undefined): void {
  const aside = `${path}.dead-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return; // another one was first
    throw error;
  }
  const moved = holderOf(aside);
  if (moved?.pid !== dead?.pid || moved?.started !== dead?.started) linked(aside, path);
  rmSync(aside, { force: true });
}

function release(path: string, own: Holder): void {
  if (holderOf(path)?.pid === own.pid) rmSync(path, { force: true });
}

/** Undefined for what is no claim, such as half of one that a full disk left. */
function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
