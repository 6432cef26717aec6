import { calls, file_countersign_v1_services, SignedSchema } from "@countersign/contracts";
import { expect, it } from "vitest";
import { methodOf } from "./methods.ts";

it("every call of the catalogue has its method, and every method its call", () => {
  const paths = calls.map(({ call }) => methodOf(call)?.path);
  const services = file_countersign_v1_services.services;
  const declared = services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `/${typeName}/${name}`));
  expect(paths.toSorted()).toEqual(declared.toSorted());
  expect(paths).toContain("/countersign.v1.PolicyService/Validate");
});

it("every method is unary and carries envelopes both ways: the bytes that travel are what services.proto declares", () => {
  const methods = file_countersign_v1_services.services.flatMap((service) => service.methods);
  for (const { methodKind, input, output } of methods) {
    expect([methodKind, input, output]).toEqual(["unary", SignedSchema, SignedSchema]);
  }
});

it("knows no other", () => {
  expect(methodOf("PolicyService.Nothing")).toBeUndefined();
});
