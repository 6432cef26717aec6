export { EngineError, type EngineErrorCode } from "./errors.ts";
export { type EtcdCluster, type EtcdOptions, etcd, etcdctlProgram, etcdProgram, memberArguments } from "./etcd.ts";
export { type KafkaCluster, type KafkaOptions, kafka } from "./kafka.ts";
export { cacheDir, kafkaVersion } from "./kafka-program.ts";
export { type EnginePart, partsOf } from "./look.ts";
export { type Engine, whyMissing } from "./missing.ts";
export { type PostgresServer, postgres } from "./postgres.ts";
export { type RedisServer, redis } from "./redis.ts";
export { type EngineProcess, freePorts } from "./server.ts";
