/** How connections behave, as gRPC options of both sides, each with its reason. */
import type { ChannelOptions, ServerOptions } from "@grpc/grpc-js";

export interface ConnectionOptions {
  /** Silence after which a ping is sent. */
  readonly keepaliveMs: number;
  /** A ping unanswered for so long ends the connection. */
  readonly keepaliveTimeoutMs: number;
  /** Of one request or answer. */
  readonly maxMessageBytes: number;
  /** After it a server asks a client to connect anew, which asks the name again who is there; never, unless given. */
  readonly maxAgeMs?: number;
}

export const connectionDefaults: ConnectionOptions = {
  // A machine that lost power sends no FIN, and TCP alone takes minutes to notice. Ten seconds in all, and long enough that
  // a busy process is not taken for a dead one.
  keepaliveMs: 5_000,
  keepaliveTimeoutMs: 5_000,
  // An answer of QuorumService.Read carries up to a hundred log entries; gRPC's own 4 MiB would be too few on a busy day.
  maxMessageBytes: 16 * 1024 * 1024,
};

export function clientOptions(server: string, o: ConnectionOptions): ChannelOptions {
  return {
    ...commonOptions(o),
    // Who is meant, whatever the address: the server checks it, and under TLS the server's certificate must name it.
    "grpc.default_authority": server,
    "grpc.ssl_target_name_override": server,
    // Spreads the calls over all addresses that have a working connection.
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
    // No lookup of a TXT record that could say otherwise.
    "grpc.service_config_disable_resolution": 1,
    // The caller is the one owner of retries (retries.ts).
    "grpc.enable_retries": 0,
    // Idle connections too: the first call after a silence should not be the one that finds it broken.
    "grpc.keepalive_permit_without_calls": 1,
    // A name that stands for many addresses is asked again as soon as one of them is gone; gRPC itself waits half a minute.
    "grpc.dns_min_time_between_resolutions_ms": 1_000,
    // A restarted server is found within two seconds; gRPC's own two minutes would outlast any lease.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
    // Counters nobody reads. The server keeps its own: grpc-js 1.14 cuts at the end only the connections that it counts.
    "grpc.enable_channelz": 0,
    // Agents are neighbours; a proxy for the web in the environment is not meant for them.
    "grpc.enable_http_proxy": 0,
  };
}

export function serverOptions(o: ConnectionOptions): ServerOptions {
  const { maxAgeMs } = o;
  const age = maxAgeMs && { "grpc.max_connection_age_ms": maxAgeMs, "grpc.max_connection_age_grace_ms": AGE_GRACE_MS };
  return { ...commonOptions(o), ...age };
}

/** For what runs on a connection that has come of age: longer than every deadline. */
const AGE_GRACE_MS = 30_000;

function commonOptions({ keepaliveMs, keepaliveTimeoutMs, maxMessageBytes }: ConnectionOptions) {
  return {
    "grpc.keepalive_time_ms": keepaliveMs,
    "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
    "grpc.max_receive_message_length": maxMessageBytes,
  };
}
