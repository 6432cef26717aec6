/**
 * A schema registry for the tests of what a real one cannot be made to do at will: refuse a password, be no registry, break off. It
 * is written from Confluent's API reference and holds its client to it. It judges no compatibility: it refuses the subjects it is told.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

interface Schema {
  readonly schemaType: string;
  readonly schema: string;
  readonly references: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly subjects: Map<string, Schema[]>;
  readonly config: Map<string, string>;
  /** Method and path of each request. */
  readonly requests: string[];
}

export interface TestServerOptions {
  /** What the Authorization header must be. */
  readonly authorization?: string;
  /** Subjects whose next schema is refused, with the status: 409, 422, 500. */
  readonly refuse?: Readonly<Record<string, number>>;
  /** Whether the compatibility test says no as well. */
  readonly incompatible?: readonly string[];
}

type Answer = readonly [status: number, body: unknown];

const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const subjects = new Map<string, Schema[]>();
  const config = new Map<string, string>();
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${decodeURIComponent(request.url ?? "")}`);
    const [status, body] = answer(request, await bodyOf(request), { subjects, config, options });
    response.writeHead(status, { "Content-Type": CONTENT_TYPE }).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const end = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${port}`, subjects, config, requests, [Symbol.asyncDispose]: end };
}

interface State {
  readonly subjects: Map<string, Schema[]>;
  readonly config: Map<string, string>;
  readonly options: TestServerOptions;
}

function answer(request: IncomingMessage, body: unknown, state: State): Answer {
  const { authorization } = state.options;
  if (authorization !== undefined && request.headers.authorization !== authorization)
    return [401, { error_code: 401, message: "Unauthorized" }];
  if (request.method !== "GET" && request.headers["content-type"] !== CONTENT_TYPE)
    return [415, { error_code: 415, message: "HTTP 415 Unsupported Media Type" }];
  const url = new URL(request.url ?? "", "http://registry");
  const [, ...path] = url.pathname.split("/").map(decodeURIComponent);
  const route = `${request.method} ${path.with(path.indexOf("subjects") + 1, "S").join("/")}`;
  if (path[0] === "config") return configure(request.method ?? "", path[1] ?? "", body, state);
  const subject = path[path.indexOf("subjects") + 1] ?? "";
  const versions = state.subjects.get(subject);
  if (route === "GET subjects/S/versions")
    return versions === undefined ? noSubject(subject) : [200, versions.map((_, at) => at + 1)];
  const schema = readSchema(body);
  if (schema === undefined) return [422, { error_code: 42201, message: "Invalid schema" }];
  const unresolved = schema.references.find(
    (reference) => state.subjects.get(reference.subject)?.[reference.version - 1] === undefined,
  );
  if (unresolved !== undefined)
    return [
      422,
      { error_code: 42201, message: `Invalid schema: no ${unresolved.subject} version ${unresolved.version}` },
    ];
  if (route === "POST compatibility/subjects/S/versions") return [200, testCompatibility(subject, state)];
  const at = versions?.findIndex((one) => JSON.stringify(one) === JSON.stringify(schema)) ?? -1;
  if (route === "POST subjects/S") {
    if (versions === undefined) return noSubject(subject);
    return at === -1
      ? [404, { error_code: 40403, message: "Schema not found" }]
      : [200, { subject, id: 1, version: at + 1, ...schema }];
  }
  if (route !== "POST subjects/S/versions") return [404, { error_code: 404, message: "HTTP 404 Not Found" }];
  const refused = state.options.refuse?.[subject];
  if (refused !== undefined) return [refused, { error_code: refused, message: `refused\nby a test` }];
  if (at === -1) state.subjects.set(subject, [...(versions ?? []), schema]);
  return [200, { id: 1 }];
}

function configure(method: string, subject: string, body: unknown, { config, subjects }: State): Answer {
  if (method === "GET") {
    const level = config.get(subject);
    if (level !== undefined) return [200, { compatibilityLevel: level }];
    return [
      404,
      { error_code: 40408, message: `Subject '${subject}' does not have subject-level compatibility configured` },
    ];
  }
  const { compatibility } = body as { compatibility?: unknown };
  if (typeof compatibility !== "string" || !/^((BACK|FOR)WARD|FULL)(_TRANSITIVE)?$/.test(compatibility))
    return [422, { error_code: 42203, message: "Invalid compatibility level" }];
  if (!subjects.has(subject)) return noSubject(subject);
  config.set(subject, compatibility);
  return [200, { compatibility }];
}

function testCompatibility(subject: string, { options }: State): unknown {
  return options.incompatible?.includes(subject)
    ? { is_compatible: false, messages: ["FIELD_SCALAR_KIND_CHANGED at #/Fill/1"] }
    : { is_compatible: true, messages: [] };
}

function readSchema(body: unknown): Schema | undefined {
  const { schemaType, schema, references } = body as Partial<Schema>;
  const isSchema = schemaType === "PROTOBUF" && typeof schema === "string" && schema.includes('syntax = "proto3"');
  return isSchema && Array.isArray(references) ? { schemaType, schema, references } : undefined;
}

function noSubject(subject: string): Answer {
  return [404, { error_code: 40401, message: `Subject '${subject}' not found.` }];
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
