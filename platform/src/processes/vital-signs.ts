/** What every process tells of itself beside its work, from memory: whether it is ready, which halts it knows, how its clock and its credentials are. */
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FenceState } from "@countersign/contracts";
import type { Keys } from "@countersign/envelope";
import { HALT_SCOPES, type Sources } from "@countersign/telemetry";

export interface VitalSignsOptions {
  readonly dir: string;
  readonly isReady: () => boolean;
  readonly fence: { state(): FenceState; readonly keys: Keys; readonly members: unknown };
  readonly clockOffsetSeconds: () => number | undefined;
  /** Of the key that signs this process' envelopes; undefined where it has none. */
  readonly keyid: string | undefined;
}

export function vitalSigns({ dir, isReady, fence, clockOffsetSeconds, keyid }: VitalSignsOptions): Sources {
  // They are read once, as the connections are opened with them once.
  const expiries = certificateExpiries(dir);
  return {
    ready: isReady,
    // Before the control log is known nothing is: no halt would be a lie, and birth is one.
    halts: () => (fence.members === undefined ? [] : haltsByScope(fence.state())),
    clockOffsetSeconds,
    keyExpirySeconds: () => secondsOf(keyid && fence.keys.find(keyid)?.validUntilMs),
    certificateExpirySeconds: () => expiries,
  };
}

export function haltsByScope({ halts }: Pick<FenceState, "halts">) {
  const scopeOf = ({ id, scope }: FenceState["halts"][number]) => (id === "birth" ? "birth" : scope.kind);
  return HALT_SCOPES.map((scope) => [scope, halts.filter((halt) => scopeOf(halt) === scope).length] as const);
}

/** Of the certificates in the folder, by their path in it. Who cannot read one has said so before, and did not start. */
export function certificateExpiries(dir: string): readonly (readonly [file: string, seconds: number])[] {
  return CERTIFICATES.filter((file) => existsSync(join(dir, file))).flatMap((file) => {
    const validTo = Date.parse(new X509Certificate(readFileSync(join(dir, file))).validTo);
    return Number.isNaN(validTo) ? [] : [[file, validTo / 1_000] as const];
  });
}

function secondsOf(ms: number | "" | undefined): number | undefined {
  return typeof ms === "number" ? ms / 1_000 : undefined;
}

const CERTIFICATES = [
  "tls/ca.crt",
  "tls/tls.crt",
  "kafka/ca.crt",
  "kafka/user.crt",
  "etcd/ca.crt",
  "etcd/tls.crt",
  "redis/ca.crt",
] as const;
