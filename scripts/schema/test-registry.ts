import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../run.ts";
import { type CheckInput, type CheckResult, checkSchemas } from "./check.ts";
import { releaseSchemas } from "./release.ts";
import { digestOfFiles, readIndex, releaseFolder, writeIndex } from "./subject-index.ts";

/**
 * A copy of the registry as it stood after one of its releases, the first where none is named, and of that release's contracts as the
 * present ones: both may be edited, and no later release of the project changes what a test sees.
 */
export class TestRegistry {
  readonly #folder = mkdtempSync(join(tmpdir(), "countersign-schema-test-"));
  readonly registry = join(this.#folder, "schema-registry");
  readonly proto = join(this.#folder, "proto");
  readonly seed = BigInt(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));

  constructor(last: "first" | "newest" = "first") {
    cpSync(join(root, "schema-registry"), this.registry, { recursive: true });
    const { releases, subjects } = readIndex(this.registry);
    const until = last === "first" ? 1 : releases.length;
    const kept = [...subjects].map(
      ([name, subject]) =>
        [name, { ...subject, releases: subject.releases.filter((release) => release <= until) }] as const,
    );
    writeIndex(this.registry, {
      releases: releases.slice(0, until),
      subjects: new Map(kept.filter(([, subject]) => subject.releases.length > 0)),
    });
    for (let release = until + 1; release <= releases.length; release++)
      rmSync(releaseFolder(this.registry, release), { recursive: true });
    cpSync(releaseFolder(this.registry, until), this.proto, { recursive: true });
    this.input = {
      proto: this.proto,
      registry: this.registry,
      expected: [...readIndex(this.registry).subjects.keys()],
      seed: this.seed,
    };
  }

  readonly input: CheckInput;

  get indexFile(): string {
    return join(this.registry, "subjects.json");
  }

  /** Replaces text in a contract: `orders` is countersign/v1/orders.proto. */
  edit(file: string, from: string | RegExp, to: string): void {
    replaceIn(join(this.proto, "countersign", "v1", `${file}.proto`), from, to);
  }

  editIndex(from: string | RegExp, to: string): void {
    replaceIn(this.indexFile, from, to);
  }

  check(): Promise<CheckResult> {
    return checkSchemas(this.input);
  }

  release(): ReturnType<typeof releaseSchemas> {
    return releaseSchemas(this.input);
  }

  /** What `release` refuses to do: the present contracts as the next release, and a subject's next version, whatever they break. */
  forceRelease(subject: string): void {
    const index = readIndex(this.registry);
    const release = index.releases.length + 1;
    cpSync(this.proto, releaseFolder(this.registry, release), { recursive: true });
    const before = index.subjects.get(subject)!;
    writeIndex(this.registry, {
      releases: [...index.releases, digestOfFiles(this.proto)],
      subjects: new Map(index.subjects).set(subject, { ...before, releases: [...before.releases, release] }),
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

function replaceIn(path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(path, "utf8");
  const edited = text.replace(from, to);
  if (edited === text) throw new Error(`broken invariant: ${path} holds ${from}`);
  writeFileSync(path, edited);
}
