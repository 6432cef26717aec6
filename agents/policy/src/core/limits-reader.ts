import { type Fixed, OrdersError, parseFixed } from "@countersign/orders";
import { PolicyError } from "./error.ts";
import type { JsonLines } from "./json-lines.ts";
import { suggest } from "./suggest.ts";

/** Where a limits file's values come from, for messages. */
export interface Source {
  readonly file: string;
  readonly lines: JsonLines;
}

/** Reads the fields of one object of a limits file. Everything it does not like is a PolicyError `BAD_LIMITS` of one line. */
export class FieldReader {
  readonly #fields: ReadonlyMap<string, unknown>;
  readonly #path: string;
  readonly #source: Source;

  constructor(value: unknown, path: string, source: Source) {
    this.#path = path;
    this.#source = source;
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new PolicyError("BAD_LIMITS", this.#at(path, `expected an object, got ${show(value)}`));
    this.#fields = new Map(Object.entries(value));
  }

  /** Of the object. */
  get line(): number {
    return this.#source.lines.lineOf(this.#path);
  }

  only(known: readonly string[]): void {
    for (const field of this.#fields.keys()) {
      if (known.includes(field)) continue;
      const meant = suggest(field, known);
      const hint = meant === undefined ? `known are ${known.join(", ")}` : `did you mean "${meant}"?`;
      throw new PolicyError("BAD_LIMITS", this.#at(this.#pathOf(field), `unknown, ${hint}`));
    }
  }

  has(field: string): boolean {
    return this.#fields.has(field);
  }

  value(field: string): unknown {
    return this.#fields.get(field);
  }

  text(field: string): string {
    const value = this.value(field);
    if (typeof value !== "string" || value.trim() === "") throw this.wrong(field, "a text", value);
    return value;
  }

  texts(field: string): string[] {
    return this.#list(field, "a list of texts").map((value, index) => {
      if (typeof value !== "string" || value.trim() === "") throw this.wrong(`${field}[${index}]`, "a text", value);
      return value;
    });
  }

  word<Word extends string>(field: string, words: readonly Word[]): Word {
    const value = this.value(field);
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    const meant = typeof value === "string" ? suggest(value, words) : undefined;
    const hint = meant === undefined ? "" : `, did you mean "${meant}"?`;
    throw this.wrong(field, `one of ${words.map((known) => `"${known}"`).join(", ")}`, value, hint);
  }

  integer(field: string, min: number, max: number): number {
    const value = this.value(field);
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max)
      throw this.wrong(field, `an integer from ${min} to ${max}`, value);
    return value;
  }

  /** A number in quotes, so that what is compared is what is written. */
  decimal(field: string): { readonly value: Fixed; readonly text: string } {
    const text = this.value(field);
    if (typeof text !== "string") throw this.wrong(field, "a decimal string", text);
    try {
      return { value: parseFixed(text), text };
    } catch (error) {
      if (error instanceof OrdersError) throw this.wrong(field, "a decimal string", text);
      throw error;
    }
  }

  /** A decimal string between 0 and 1. */
  fraction(field: string): string {
    const { text } = this.decimal(field);
    if (!(Number(text) > 0 && Number(text) < 1)) throw this.wrong(field, "a decimal string between 0 and 1", text);
    return text;
  }

  object(field: string): FieldReader {
    return new FieldReader(this.value(field), this.#pathOf(field), this.#source);
  }

  objects(field: string): FieldReader[] {
    return this.#list(field, "a list of objects").map(
      (value, index) => new FieldReader(value, this.#pathOf(`${field}[${index}]`), this.#source),
    );
  }

  wrong(field: string, expected: string, got?: unknown, hint = ""): PolicyError {
    const value =
      got === undefined && !this.has(field) ? ", got nothing" : got === undefined ? "" : `, got ${show(got)}`;
    return new PolicyError("BAD_LIMITS", this.#at(this.#pathOf(field), `expected ${expected}${value}${hint}`));
  }

  #list(field: string, expected: string): readonly unknown[] {
    const value = this.value(field);
    if (!Array.isArray(value)) throw this.wrong(field, expected, value);
    return value;
  }

  #pathOf(field: string): string {
    return this.#path === "" ? field : `${this.#path}.${field}`;
  }

  #at(path: string, text: string): string {
    return `${this.#source.file}:${this.#source.lines.lineOf(path)}: ${path === "" ? "" : `${path}: `}${text}`;
  }
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return `'${value}'`;
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
