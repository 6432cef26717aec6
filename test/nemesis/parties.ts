/** Who takes part, and what each of their processes is told on its command line. */
import type { TlsOptions } from "@countersign/grpc";

export const MEMBERS = ["etcd-1", "etcd-2", "etcd-3"] as const;
export const VALIDATORS = ["validator-1", "validator-2", "validator-3"] as const;
export const CLIENTS = "clients";
export const HOSTS = [...MEMBERS, ...VALIDATORS, CLIENTS] as const;

/** A JSON order; bytes in base64. */
export interface Order {
  /** host:port */
  readonly etcd: readonly string[];
  readonly servers: Readonly<Record<string, readonly string[]>>;
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
}

export interface ValidatorOrder extends Order {
  readonly name: (typeof VALIDATORS)[number];
  /** Its disk. */
  readonly dir: string;
  readonly platform: string;
}

export interface ClientsOrder extends Order {
  readonly seed: string;
  /** What they saw is written there, a line an event. */
  readonly history: string;
}

export const orderGiven = <O extends Order>(): O => JSON.parse(process.argv[2] ?? "");

export function tlsOf({ tls: { ca, cert, key } }: Order): TlsOptions {
  const [caBytes, certBytes, keyBytes] = [ca, cert, key].map((text) => Buffer.from(text, "base64"));
  return { ca: caBytes!, cert: certBytes!, key: keyBytes! };
}
