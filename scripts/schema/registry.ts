/**
 * The part of Confluent's Schema Registry HTTP API that a publication needs
 * (https://docs.confluent.io/platform/current/schema-registry/develop/api.html).
 */
import { SchemaError } from "./errors.ts";
import type { Compatibility } from "./subject-index.ts";

const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
const DEADLINE_MS = 10_000;
/** A registry's own codes: no such subject, version, schema, rule of a subject. Any other 404 is no registry's. */
const NOT_THERE: ReadonlySet<unknown> = new Set([40401, 40402, 40403, 40408]);

export interface Reference {
  /** As the import writes it. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

export interface RegistrySchema {
  readonly schema: string;
  readonly references: readonly Reference[];
}

export interface RegistryAccess {
  readonly url: string;
  /** The whole header: `Basic …` or `Bearer …`. */
  readonly authorization?: string;
}

export class SchemaRegistry {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, authorization }: RegistryAccess) {
    this.#url = url.replace(/\/+$/, "");
    this.#headers = {
      Accept: CONTENT_TYPE,
      "Content-Type": CONTENT_TYPE,
      ...(authorization !== undefined && { Authorization: authorization }),
    };
  }

  /** The version under which the subject has this very schema. */
  async versionOf(subject: string, schema: RegistrySchema): Promise<number | undefined> {
    const found = await this.#ask("POST", subjectPath(subject), protobuf(schema));
    return found === undefined ? undefined : numberIn(found, "version");
  }

  async hasSubject(subject: string): Promise<boolean> {
    return (await this.#ask("GET", `${subjectPath(subject)}/versions`)) !== undefined;
  }

  /** @throws SchemaError INCOMPATIBLE, with the registry's reason */
  async testCompatibility(subject: string, schema: RegistrySchema): Promise<void> {
    const path = `/compatibility${subjectPath(subject)}/versions?verbose=true`;
    const verdict = await this.#ask("POST", path, protobuf(schema));
    if (verdict?.is_compatible === true) return;
    const reasons = [verdict?.messages ?? verdict?.reason ?? []].flat().join("; ");
    throw incompatible(subject, reasons);
  }

  /** @throws SchemaError INCOMPATIBLE, INVALID_SCHEMA */
  async register(subject: string, schema: RegistrySchema): Promise<void> {
    await this.#ask("POST", `${subjectPath(subject)}/versions`, protobuf(schema));
  }

  /** Answers whether it had to be changed. */
  async setCompatibility(subject: string, compatibility: Compatibility): Promise<boolean> {
    const path = `/config/${encodeURIComponent(subject)}`;
    if ((await this.#ask("GET", path))?.compatibilityLevel === compatibility) return false;
    await this.#ask("PUT", path, { compatibility });
    return true;
  }

  /** The answer's JSON; undefined when the registry says that there is no such thing. */
  async #ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown> | undefined> {
    const response = await this.#send(method, path, body);
    const text = await response.text();
    const answer = parseObject(text);
    if (response.ok && answer !== undefined) return answer;
    if (response.status === 404 && NOT_THERE.has(answer?.error_code)) return undefined;
    throw this.#refusal(`${method} ${path}`, response.status, String(answer?.message ?? text));
  }

  async #send(method: string, path: string, body: unknown): Promise<Response> {
    const options = { method, headers: this.#headers, signal: AbortSignal.timeout(DEADLINE_MS) };
    try {
      return await fetch(
        `${this.#url}${path}`,
        body === undefined ? options : { ...options, body: JSON.stringify(body) },
      );
    } catch (cause) {
      throw new SchemaError(
        "UNREACHABLE",
        `nobody answers at ${this.#url} (${reasonOf(cause)}): check --url, and that the registry runs`,
        { cause },
      );
    }
  }

  #refusal(request: string, status: number, message: string): SchemaError {
    const said = oneLine(message);
    if (status === 401 || status === 403)
      return new SchemaError(
        "UNAUTHORISED",
        `${this.#url} answers ${status} to ${request}: set SCHEMA_REGISTRY_USER_INFO=user:password or SCHEMA_REGISTRY_TOKEN to what may write there`,
      );
    if (status === 404 || status < 400)
      return new SchemaError(
        "NO_REGISTRY",
        `${this.#url} is no Confluent-compatible schema registry (${status} to ${request}): give --url with the whole path of its API, for Apicurio http://…/apis/ccompat/v7`,
      );
    if (status === 409) return incompatible(request, said);
    if (status === 422)
      return new SchemaError(
        "INVALID_SCHEMA",
        `the registry does not take the schema, 422 to ${request} (${said}): see that it knows Protobuf and references`,
      );
    return new SchemaError(
      "UNEXPECTED_ANSWER",
      `${this.#url} answers ${status} to ${request} (${said}): see the registry's log; to publish again is safe`,
    );
  }
}

function incompatible(what: string, reason: string): SchemaError {
  return new SchemaError(
    "INCOMPATIBLE",
    `the registry refuses ${what} as incompatible with what it holds (${oneLine(reason) || "no reason given"}): see who else writes to this subject, and \`npm run schema check\``,
  );
}

function subjectPath(subject: string): string {
  return `/subjects/${encodeURIComponent(subject)}`;
}

function protobuf({ schema, references }: RegistrySchema): object {
  return { schemaType: "PROTOBUF", schema, references };
}

/** Arrays count: a list of versions is an answer. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function numberIn(answer: Record<string, unknown>, name: string): number {
  const value = answer[name];
  if (typeof value === "number") return value;
  throw new SchemaError("UNEXPECTED_ANSWER", `the registry answers without ${name}: see that it has Confluent's API`);
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === "TimeoutError") return `no answer within ${DEADLINE_MS / 1_000} s`;
  const { code } = (cause.cause ?? {}) as { code?: string };
  return code ?? cause.message;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 300);
}
