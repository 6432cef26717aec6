/** A file of flags in flagd's format, as OpenFeature reads one: followed, checked, and evaluated in this process. */
import { readFileSync } from "node:fs";
import { LOG_LEVELS, type LogLevel } from "@countersign/telemetry";
import { FlagdCore, MemoryStorage } from "@openfeature/flagd-core";
import {
  type EvaluationContext,
  type FlagValue,
  type FlagValueType,
  type JsonValue,
  type Logger,
  OpenFeatureEventEmitter,
  type Provider,
  ProviderEvents,
  type ResolutionDetails,
  StandardResolutionReasons,
} from "@openfeature/server-sdk";
import * as z from "zod";
import { InputError } from "../inputs.ts";
import { checked } from "./checked.ts";

export interface FlagValues {
  readonly "log-level": LogLevel;
  readonly "trace-share": number;
}

export interface FlagFileOptions {
  readonly path: string;
  /** Who is asked about. */
  readonly context: EvaluationContext;
  /** What holds where the file says nothing. */
  readonly unlessSaid: FlagValues;
}

const NO_FLAGS = JSON.stringify({ flags: {} });
/** Whatever it has to say is in what it answers and throws. */
const QUIET: Logger = { error() {}, warn() {}, info() {}, debug() {} };

/** Its flags have changed when what they say to this process has: another file, or the time that a rule names. */
export class FlagFile implements Provider {
  readonly metadata = { name: "flags.json" };
  readonly runsOn = "server";
  readonly events = new OpenFeatureEventEmitter();
  readonly #o: FlagFileOptions;
  // Rules are interpreted: no text of a file becomes code.
  readonly #storage = new MemoryStorage(QUIET, { disableDynamicCodeGeneration: true });
  readonly #core = new FlagdCore(this.#storage, QUIET);
  #text: string | undefined;
  #wrong: string | undefined;
  #said: FlagValues;

  constructor(options: FlagFileOptions) {
    this.#o = options;
    this.#said = options.unlessSaid;
  }

  /** Reads anew. Returns why what stands there is refused: then what was said before holds. */
  look(): string | undefined {
    try {
      const text = textOf(this.#o.path);
      if (text !== this.#text) {
        this.#text = text;
        this.#wrong = this.#take(text ?? NO_FLAGS);
      }
      return this.#wrong ?? this.#compare();
    } catch (error) {
      return `${this.#o.path}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** All of it, or nothing. */
  #take(text: string): string | undefined {
    const { path } = this.#o;
    try {
      checked(path, fileSchema, jsonOf(path, text));
      this.#storage.setConfigurations(text, true);
      return undefined;
    } catch (error) {
      return error instanceof InputError ? error.message : `${path}: ${inFlagdsWords(error)}`;
    }
  }

  #compare(): string | undefined {
    const { path, context, unlessSaid } = this.#o;
    const level = this.#resolve("string", "log-level", unlessSaid["log-level"], context);
    const share = this.#resolve("number", "trace-share", unlessSaid["trace-share"], context);
    const errorMessage = level.errorMessage ?? share.errorMessage;
    if (errorMessage !== undefined) return `${path}: ${errorMessage}`;
    const before = this.#said;
    this.#said = { "log-level": level.value, "trace-share": share.value };
    const flagsChanged = FLAGS.filter((flag) => this.#said[flag] !== before[flag]);
    if (flagsChanged.length > 0) this.events.emit(ProviderEvents.ConfigurationChanged, { flagsChanged });
    return undefined;
  }

  #resolve<T extends FlagValue>(
    type: FlagValueType,
    flag: string,
    otherwise: T,
    context: EvaluationContext,
  ): ResolutionDetails<T> {
    // What a file does not name is no mistake of it.
    if (this.#core.getFlag(flag) === undefined) return { value: otherwise, reason: StandardResolutionReasons.DEFAULT };
    return this.#core.resolve(type, flag, otherwise, context);
  }

  async resolveBooleanEvaluation(flag: string, otherwise: boolean, context: EvaluationContext) {
    return this.#resolve("boolean", flag, otherwise, context);
  }

  async resolveStringEvaluation(flag: string, otherwise: string, context: EvaluationContext) {
    return this.#resolve("string", flag, otherwise, context);
  }

  async resolveNumberEvaluation(flag: string, otherwise: number, context: EvaluationContext) {
    return this.#resolve("number", flag, otherwise, context);
  }

  async resolveObjectEvaluation<T extends JsonValue>(flag: string, otherwise: T, context: EvaluationContext) {
    return this.#resolve("object", flag, otherwise, context);
  }
}

const FLAGS = ["log-level", "trace-share"] as const;

const level = z.custom<LogLevel>((value) => LOG_LEVELS.some((one) => one === value), {
  error: ({ input }) => `${JSON.stringify(input)} is none of ${LOG_LEVELS.join(", ")}`,
});
const share = z.custom<number>((value) => typeof value === "number" && value >= 0 && value <= 1, {
  error: ({ input }) => `${JSON.stringify(input)} is no share of the traces: give a number from 0 to 1`,
});
const flagOf = (value: z.ZodType) =>
  z.strictObject({
    state: z.enum(["ENABLED", "DISABLED"]),
    variants: z.record(z.string(), value),
    defaultVariant: z.string().nullish(),
    targeting: z.unknown().optional(),
    metadata: z.unknown().optional(),
  });
/** Which flags there are and what each may say; flagd's own schema has the rest, such as the rules. */
const fileSchema = z.strictObject({
  $schema: z.unknown().optional(),
  $evaluators: z.unknown().optional(),
  metadata: z.unknown().optional(),
  flags: z.strictObject({ "log-level": flagOf(level).optional(), "trace-share": flagOf(share).optional() }),
});

/** Undefined where there is no such file. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function jsonOf(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError("BAD_OPTION", `${path}: it is no JSON`, { cause });
  }
}

/** Where its schema says no, and else why: it lists each way in which each part could have been meant. */
function inFlagdsWords(error: unknown): string {
  const { message, cause } = error as Error;
  const [, where] = /"instancePath": "\/([^"]+)"/.exec(message) ?? [];
  if (where !== undefined) return `${where.replaceAll("/", ".")}: it is none by flagd's schema`;
  return cause instanceof Error ? cause.message : message;
}
