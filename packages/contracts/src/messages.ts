/** Every generated message, enum and service, under one roof; the generator makes one file per .proto. */
export * from "../gen/countersign/v1/audit_pb.ts";
export * from "../gen/countersign/v1/envelope_pb.ts";
export * from "../gen/countersign/v1/hedging_pb.ts";
export * from "../gen/countersign/v1/market_pb.ts";
export * from "../gen/countersign/v1/orders_pb.ts";
export * from "../gen/countersign/v1/policy_pb.ts";
export * from "../gen/countersign/v1/quorum_pb.ts";
export * from "../gen/countersign/v1/services_pb.ts";
export * from "../gen/countersign/v1/signals_pb.ts";
export * from "../gen/countersign/v1/values_pb.ts";
