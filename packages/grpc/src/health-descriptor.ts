/**
 * `grpc/health/v1/health.proto` of the gRPC project, as a descriptor. The one that the health library carries was made by a
 * proto-loader, which names the entry of a map in its own way, and grpcurl refuses it.
 */
import { fromJson } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

const PACKAGE = "grpc.health.v1";

/** The full name of its service. */
export const HEALTH = `${PACKAGE}.Health`;

const statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

export const healthFile = fromJson(FileDescriptorProtoSchema, {
  name: "grpc/health/v1/health.proto",
  package: PACKAGE,
  syntax: "proto3",
  messageType: [
    { name: "HealthCheckRequest", field: [field("service", 1, "TYPE_STRING")] },
    {
      name: "HealthCheckResponse",
      enumType: [{ name: "ServingStatus", value: statuses.map((name, number) => ({ name, number })) }],
      field: [field("status", 1, "TYPE_ENUM", "HealthCheckResponse.ServingStatus")],
    },
    { name: "HealthListRequest" },
    {
      name: "HealthListResponse",
      field: [{ ...field("statuses", 1, "TYPE_MESSAGE", "HealthListResponse.StatusesEntry"), label: "LABEL_REPEATED" }],
      nestedType: [
        {
          name: "StatusesEntry",
          options: { mapEntry: true },
          field: [field("key", 1, "TYPE_STRING"), field("value", 2, "TYPE_MESSAGE", "HealthCheckResponse")],
        },
      ],
    },
  ],
  service: [
    {
      name: "Health",
      method: [
        method("Check", "HealthCheckRequest", "HealthCheckResponse"),
        { ...method("Watch", "HealthCheckRequest", "HealthCheckResponse"), serverStreaming: true },
        method("List", "HealthListRequest", "HealthListResponse"),
      ],
    },
  ],
});

function field(name: string, number: number, type: string, typeName?: string) {
  const optional = { name, number, label: "LABEL_OPTIONAL", type, jsonName: name };
  return typeName === undefined ? optional : { ...optional, typeName: qualified(typeName) };
}

function method(name: string, input: string, output: string) {
  return { name, inputType: qualified(input), outputType: qualified(output) };
}

function qualified(name: string): string {
  return `.${PACKAGE}.${name}`;
}
