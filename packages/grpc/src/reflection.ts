/**
 * Server reflection (v1 and v1alpha), by which clients such as grpcurl list and describe what a process serves. It speaks of our own
 * descriptors, those the generated code was made from, and knows the payloads too, though only envelopes travel.
 */
import { type DescFile, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { calls, file_countersign_v1_services } from "@countersign/contracts";
import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { HEALTH, healthFile } from "./health-descriptor.ts";

const METHODS = [
  "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/** Replaces what was said before: the library fixes its list when it is made, and agents may begin to serve at any time. */
export function reflect(server: Server, services: Iterable<string>): void {
  for (const method of METHODS) server.unregister(method);
  new ReflectionService(describe(), { services: [...services, HEALTH] }).addToServer(server);
}

/** In the shape of a proto-loader's result, of which the library reads the descriptors alone. */
function describe(): ConstructorParameters<typeof ReflectionService>[0] {
  const files = new Map<string, DescFile>();
  const collect = (file: DescFile): void => {
    if (files.has(file.name)) return;
    files.set(file.name, file);
    file.dependencies.forEach(collect);
  };
  collect(file_countersign_v1_services);
  for (const { request, answers } of calls) for (const { schema } of [request, ...answers]) collect(schema.file);
  const protos = [...[...files.values()].map(({ proto }) => proto), healthFile];
  const fileDescriptorProtos = protos.map((proto) => Buffer.from(toBinary(FileDescriptorProtoSchema, proto)));
  return { files: { format: "FileDescriptorProto", type: {}, fileDescriptorProtos } } as never;
}
