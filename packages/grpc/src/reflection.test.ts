import { create, createFileRegistry, equals, type FileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { file_countersign_v1_services, SignedSchema } from "@countersign/contracts";
import { expect, it } from "vitest";
import { openPair, VALIDATE, VOTE } from "../test/pair.ts";
import { type Raw, rawClient } from "../test/raw.ts";

/** Fields of ServerReflectionRequest and -Response, as reflection.proto numbers them. */
const ask = { fileByFilename: 3, fileContainingSymbol: 4, listServices: 7 } as const;
const said = { files: 4, services: 6, error: 7 } as const;
const VERSIONS = ["v1", "v1alpha"];

/** One question and its answer: the content of the field of the response that is asked for. */
async function reflect(raw: Raw, version: string, field: number, text: string, answer: number): Promise<Uint8Array> {
  const request = new BinaryWriter()
    .uint32((field << 3) | 2)
    .string(text)
    .finish();
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const [response] = await raw.stream(path, [request]);
  return fieldsOf(response ?? Buffer.of(), answer)[0] ?? Buffer.of();
}

function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === wanted) found.push(reader.bytes());
    else reader.skip(wireType, field);
  }
  return found;
}

async function list(raw: Raw, version: string): Promise<string[]> {
  const services = fieldsOf(await reflect(raw, version, ask.listServices, "*", said.services), 1);
  return services.map((service) => Buffer.from(fieldsOf(service, 1)[0] ?? []).toString()).toSorted();
}

async function filesFor(raw: Raw, version: string, symbol: string): Promise<Uint8Array[]> {
  return fieldsOf(await reflect(raw, version, ask.fileContainingSymbol, symbol, said.files), 1);
}

/** What a client builds of the files it was given, in whatever order; it fails when one is missing or not sound. */
function registryOf(files: readonly Uint8Array[]): FileRegistry {
  const protos = files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  return createFileRegistry(protos[0]!, (name) => protos.find((proto) => proto.name === name));
}

it.each(VERSIONS)("%s lists what is served, and what is served later", async (version) => {
  await using pair = await openPair();
  const raw = rawClient(pair.address);
  expect(await list(raw, version)).toEqual(["grpc.health.v1.Health"]);
  pair.server.serve(VALIDATE, "policy", async (request) => request);
  expect(await list(raw, version)).toEqual(["countersign.v1.PolicyService", "grpc.health.v1.Health"]);
  pair.server.serve(VOTE, "validator-1", async (request) => request);
  expect(await list(raw, version)).toContain("countersign.v1.QuorumService");
  raw.close();
});

it.each(VERSIONS)("%s describes a service so that a client who knew nothing can call it", async (version) => {
  await using pair = await openPair();
  const raw = rawClient(pair.address);
  let received = new Uint8Array();
  pair.server.serve(VALIDATE, "policy", async (request) => {
    received = request.slice();
    return request;
  });
  const registry = registryOf(await filesFor(raw, version, "countersign.v1.PolicyService"));
  const method = registry.getService("countersign.v1.PolicyService")?.method.validate;
  expect(method?.input.typeName).toBe("countersign.v1.Signed");
  const request = toBinary(method!.input, create(method!.input, { payloadType: "a", payload: Uint8Array.of(1) }));
  const answer = await raw.unary(`/${method!.parent.typeName}/${method!.name}`, request);
  expect(fromBinary(SignedSchema, received)).toMatchObject({ payloadType: "a", payload: Uint8Array.of(1) });
  expect(answer.equals(request)).toBe(true);
  raw.close();
});

it.each(VERSIONS)("%s gives our own descriptors, unchanged, those of the payloads too", async (version) => {
  await using pair = await openPair();
  const raw = rawClient(pair.address);
  const [services] = fieldsOf(
    await reflect(raw, version, ask.fileByFilename, "countersign/v1/services.proto", said.files),
    1,
  );
  const given = fromBinary(FileDescriptorProtoSchema, services!);
  expect(equals(FileDescriptorProtoSchema, given, file_countersign_v1_services.proto)).toBe(true);
  const registry = registryOf(await filesFor(raw, version, "countersign.v1.ValidateRequest"));
  expect(registry.getMessage("countersign.v1.ValidateRequest")?.field.intent?.presence).toBe(1); // explicit
  raw.close();
});

it("describes the health service so that it can be asked", async () => {
  await using pair = await openPair();
  const raw = rawClient(pair.address);
  pair.server.setServing(true);
  const registry = registryOf(await filesFor(raw, "v1", "grpc.health.v1.Health"));
  const { check, list: listAll } = registry.getService("grpc.health.v1.Health")!.method;
  const whole = await raw.unary("/grpc.health.v1.Health/Check", toBinary(check!.input, create(check!.input)));
  expect(fromBinary(check!.output, whole)).toMatchObject({ status: 1 });
  const each = await raw.unary("/grpc.health.v1.Health/List", toBinary(listAll!.input, create(listAll!.input)));
  expect(fromBinary(listAll!.output, each)).toMatchObject({ statuses: { "": { status: 1 } } });
  raw.close();
});

it("says so when it knows no such symbol", async () => {
  await using pair = await openPair();
  const raw = rawClient(pair.address);
  const error = await reflect(raw, "v1", ask.fileContainingSymbol, "countersign.v1.Nothing", said.error);
  expect([...error.subarray(0, 2)]).toEqual([8, 5]); // error_code NOT_FOUND
  raw.close();
});
