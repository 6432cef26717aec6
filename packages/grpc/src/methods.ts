/** Where a call of the catalogue is found on the wire. The names come from the service descriptors, so that they cannot drift from services.proto. */
import { file_countersign_v1_services } from "@countersign/contracts";

export interface Method {
  /** `/countersign.v1.PolicyService/Validate` */
  readonly path: string;
  /** `countersign.v1.PolicyService` */
  readonly service: string;
}

const methods: ReadonlyMap<string, Method> = new Map(
  file_countersign_v1_services.services.flatMap(({ name, typeName, methods }) =>
    methods.map((method) => [`${name}.${method.name}`, { path: `/${typeName}/${method.name}`, service: typeName }]),
  ),
);

/** Of `PolicyService.Validate`; undefined when no service has it. */
export function methodOf(call: string): Method | undefined {
  return methods.get(call);
}
