// What agents are written against.
export {
  type Agent,
  type Attached,
  type CallEffect,
  type Cause,
  type Context,
  type Decision,
  type Effect,
  type Input,
  type MarketMessage,
  type MarketRef,
  noView,
  type PublishEffect,
  type Trigger,
  type ViewOf,
} from "./agent.ts";
export type { Canvas, Objective, Observes, Publishes, Slo } from "./canvas.ts";
export { decodeJson, encodeJson } from "./codec.ts";
// What the platform puts together.
export { effectsDigest } from "./drafts.ts";
export type { Edge, EdgeReport } from "./edge.ts";
export { Host, type HostOptions, RATE } from "./host.ts";
export type { JournalEntry, JournalledInput } from "./journal.ts";
export type { Loop } from "./loop.ts";
export { MemoryStore } from "./memory/store.ts";
export { marketMessage } from "./pending.ts";
export { type Admitted, admit, type Delivery, payloadOf } from "./pipeline.ts";
export { type Fence, LocalRpc, type RateLimiter, type Rpc, RpcError } from "./ports.ts";
export { type Pruned, prune } from "./postgres/retention.ts";
export { openPostgresStore } from "./postgres/store.ts";
export { RateLimit } from "./rate-limit.ts";
export { claimWriter, WRITER_LEASE_MS, type Writer } from "./single-writer.ts";
export { type Commit, type CommitResult, emptyCommit, type Store, StoreError } from "./store.ts";
export { groupsOf } from "./subscriptions.ts";
export { Teller, type TellerOptions } from "./teller.ts";
export { isTransient } from "./transient.ts";
export { WallLoop, type WallLoopOptions } from "./wall-loop.ts";
