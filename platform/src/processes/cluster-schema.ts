/** The two files of a cluster's folder, field by field. What is not named here is not read by anybody, so it is a mistake. */
import * as z from "zod";
import type { ClusterSpec, Secrets } from "./cluster.ts";

const text = z.string().min(1, "empty: give its text");
/** host:port, an IPv6 address in brackets. */
const address = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:[\],/]+):\d{1,5}$/, "no address: give host:port, such as policy:4000");
const addresses = z.array(address).min(1, "no address: give at least one host:port");
const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/, "no base64: take the file again as it was founded");
const amount = z.string().regex(/^\d+(\.\d+)?$/, "no amount: give digits, such as 1000000.00");
const time = z
  .string()
  .refine((one) => !Number.isNaN(Date.parse(one)), "no time: give one such as 2015-06-01T14:30:00Z");
const positive = z.number().positive("not above zero: give a larger number");
const whole = z.number().int("no whole number: give one").min(0, "below zero: give a larger number");
const some = z.number().min(0, "below zero: give a larger number");

export const specSchema: z.ZodType<ClusterSpec> = z.strictObject({
  format: z.literal(2),
  mode: z.enum(["paper", "shadow"]),
  platform: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "no name of a platform: give 1 to 63 of a-z, 0-9 and -, not - first"),
  account: text,
  currency: z.string().regex(/^[A-Z]{3}$/, "no currency: give its three letters, such as USD"),
  deposit: amount,
  person: text,
  cofounders: z.array(text).exactOptional(),
  traded: z.array(text).min(1, "no symbol: give at least one"),
  // Helm drops a value that is null.
  hedge: text.nullable().default(null),
  market: z.strictObject({
    traces: z
      .array(z.strictObject({ path: text, symbol: text.exactOptional() }))
      .min(1, "no recording: give at least one"),
    from: time.exactOptional(),
    to: time.exactOptional(),
    speed: positive,
  }),
  strategies: z.array(text),
  limits: text,
  settings: z.strictObject({
    ceiling: z.strictObject({ notional: amount, persons: whole }),
    portfolio: z.strictObject({ targetVolatility: positive, weightMax: positive, noTradeBand: some }),
    hedge: z.strictObject({ band: some, bandInStress: some, effectivenessMin: some }),
    venueLatencyMs: whole,
  }),
  kafka: addresses,
  etcd: addresses.exactOptional(),
  replicas: z.record(z.string(), whole.min(1, "below one: give how many processes there are")).exactOptional(),
  servers: z.record(z.string(), addresses),
  health: z.record(z.string(), address),
  venue: address.exactOptional(),
  genesis: base64,
  openings: z.array(base64).min(1, "no founder has signed: take the file again as it was founded"),
});

/** Never with the value in what is said. */
const url = (protocols: readonly string[], example: string) =>
  z.string().refine((one) => URL.canParse(one) && protocols.includes(new URL(one).protocol), `no URL: give ${example}`);
const key = z.string().min(8, "too short: give a key of 8 characters or more");

export const secretsSchema: z.ZodType<Secrets> = z.strictObject({
  postgres: url(["postgres:", "postgresql:"], "postgres://user:password@host:5432/database").exactOptional(),
  redis: url(["redis:", "rediss:"], "redis://user:password@host:6379, or rediss:// for TLS").optional(),
  venueKey: key.exactOptional(),
  dropCopyKeys: z.record(z.string(), key).exactOptional(),
});
