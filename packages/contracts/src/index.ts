export {
  type BrokerTopic,
  brokerTopics,
  type CallSpec,
  COMMAND_TTL_MS,
  callSpec,
  calls,
  type Delivery,
  schemaOf,
  type TopicSpec,
  type TypeSpec,
  topicSpec,
  topics,
} from "./catalogue.ts";
export {
  type FenceState,
  type HaltScope,
  type HaltSubject,
  haltCovering,
  latchesInForce,
  type OpenHalt,
  parseScope,
} from "./fence.ts";
export * from "./messages.ts";
export { type RoleRight, rolesAllow } from "./roles.ts";
