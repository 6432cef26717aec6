export { LocalBus } from "./local/bus.ts";
export { murmur2, partitionOf } from "./partition.ts";
export {
  type Batch,
  type Bus,
  BusError,
  type BusErrorCode,
  type Delivered,
  type Handler,
  type Headers,
  type Health,
  type OutRecord,
  type Placed,
  type Progress,
  type SubscribeOptions,
  type Subscription,
  type TopicConfig,
  type TopicPartition,
} from "./port.ts";
