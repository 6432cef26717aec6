import { BusError } from "../port.ts";

/** The parts of a kafkajs error that tell what happened; it wraps errors in errors. */
interface Cause {
  readonly name?: string;
  readonly type?: string;
  readonly retriable?: boolean;
  readonly cause?: unknown;
  readonly message?: string;
}

// The broker's answer to a write that it may have made.
const PERHAPS_WRITTEN = new Set(["REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "NETWORK_EXCEPTION"]);
// The request was on its way when this happened.
const PERHAPS_SENT = new Set(["KafkaJSConnectionClosedError", "KafkaJSRequestTimeoutError"]);

// kafkajs says "not retriable" of these, meaning that the same request would fail again; a new start does not.
const PASSING = new Set([
  "REBALANCE_IN_PROGRESS",
  "ILLEGAL_GENERATION",
  "UNKNOWN_MEMBER_ID",
  "KafkaJSGroupCoordinatorNotFound",
  "KafkaJSTimeout",
  "KafkaJSLockTimeout",
]);

/** The one place where kafkajs's errors become ours. `what`: what was being done, for the message. */
export function busError(error: unknown, what: string): BusError {
  if (error instanceof BusError) return error;
  const root = rootOf(error);
  const message = `${what}: ${root.message ?? String(error)}`;
  const options = { cause: error };
  if (PERHAPS_SENT.has(root.name ?? "") || PERHAPS_WRITTEN.has(root.type ?? "")) {
    const code =
      root.type === "REQUEST_TIMED_OUT" || root.name === "KafkaJSRequestTimeoutError" ? "TIMEOUT" : "UNREACHABLE";
    return new BusError("unknown-outcome", code, message, options);
  }
  if (root.type === "UNKNOWN_TOPIC_OR_PARTITION") return new BusError("retriable", "UNKNOWN_TOPIC", message, options);
  if (root.name === "KafkaJSProtocolError" && !isRetriable(root))
    return new BusError("fatal", "REFUSED", message, options);
  if (root.name === "KafkaJSSASLAuthenticationError") return new BusError("fatal", "REFUSED", message, options);
  return new BusError("retriable", "UNREACHABLE", message, options);
}

/** Whether the same may succeed later. */
export function isRetriable(error: unknown): boolean {
  if (error instanceof BusError) return error.kind === "retriable";
  const { retriable, type, name } = rootOf(error);
  return retriable !== false || PASSING.has(type ?? "") || PASSING.has(name ?? "");
}

/** The protocol's name of the error, such as UNKNOWN_TOPIC_OR_PARTITION. */
export function typeOf(error: unknown): string | undefined {
  return rootOf(error).type;
}

function rootOf(error: unknown): Cause {
  let root = error as Cause;
  while (root.cause instanceof Error) root = root.cause as Cause;
  return root;
}
