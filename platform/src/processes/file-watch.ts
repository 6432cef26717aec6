/**
 * The files that a process reads once, and by which it is known: its keys and its certificates. When one of them changes the process ends
 * in order, and starts again with the new ones. Secrets that are shown anew each time, such as a password, are read anew (following.ts).
 *
 * By content, every few seconds: a kubelet replaces a whole volume by one symbolic link, and touches no file in it.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { keysDir } from "./cluster.ts";
import { CREDENTIALS } from "./credentials.ts";
import { keyFilesOf } from "./key-files.ts";

const EVERY_MS = 5_000;

export interface FileWatchOptions {
  readonly dir: string;
  /** Whose keys. */
  readonly sender: string;
  /** Further files of the folder. */
  readonly also?: readonly string[];
  readonly everyMs?: number;
}

export class FileWatch {
  readonly #o: FileWatchOptions;
  readonly #begun: ReadonlyMap<string, string>;

  /** What is there now is what the process knows: before it reads any. */
  constructor(options: FileWatchOptions) {
    this.#o = options;
    this.#begun = this.#digests();
  }

  /** Returns the path of the first that is new, changed or gone. */
  async changed(): Promise<string> {
    for (;;) {
      await wait(this.#o.everyMs ?? EVERY_MS, undefined, { ref: false });
      const now = this.#digests();
      for (const path of new Set([...this.#begun.keys(), ...now.keys()]))
        if (this.#begun.get(path) !== now.get(path)) return path;
    }
  }

  #digests(): Map<string, string> {
    const { dir, sender, also = [] } = this.#o;
    const keys = namesIn(keysDir(dir)).filter((name) => keyFilesOf(sender).test(name));
    const paths = [
      ...keys.map((name) => join(keysDir(dir), name)),
      ...CREDENTIALS.flatMap((set) => namesIn(join(dir, set)).map((name) => join(dir, set, name))),
      ...also.map((name) => join(dir, name)),
    ];
    return new Map(paths.flatMap((path) => digestOf(path)));
  }
}

function namesIn(dir: string): readonly string[] {
  try {
    // Where a kubelet keeps the versions of a volume.
    return readdirSync(dir).filter((name) => !name.startsWith(".."));
  } catch {
    return [];
  }
}

function digestOf(path: string): readonly [string, string][] {
  try {
    return [[path, createHash("sha256").update(readFileSync(path)).digest("hex")]];
  } catch {
    return [];
  }
}
