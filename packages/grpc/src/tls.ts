/** Credentials of both directions. With TLS both sides show a certificate: there is no caller without a name. */
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js";
import { GrpcError } from "./error.ts";

/** A string is the path of a PEM file; bytes are the PEM itself. */
export type Pem = string | Uint8Array;

export interface TlsOptions {
  /** Who signs the certificates of everybody. */
  readonly ca: Pem;
  /** Names (subjectAltName) the server names that this process answers for, such as `policy`. */
  readonly cert: Pem;
  readonly key: Pem;
}

export interface Credentials {
  readonly server: ServerCredentials;
  readonly channel: ChannelCredentials;
}

/** @throws GrpcError BAD_CREDENTIALS */
export function credentialsOf(tls: TlsOptions | undefined): Credentials {
  if (tls === undefined)
    return { server: ServerCredentials.createInsecure(), channel: ChannelCredentials.createInsecure() };
  const [ca, cert, key] = [read("ca", tls.ca), read("cert", tls.cert), read("key", tls.key)];
  try {
    createSecureContext({ ca, cert, key });
  } catch (error) {
    throw badCredentials(`the TLS certificate, its key and the CA do not go together: ${messageOf(error)}`, error);
  }
  return {
    server: ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], true),
    channel: ChannelCredentials.createSsl(ca, key, cert),
  };
}

function read(what: string, pem: Pem): Buffer {
  if (typeof pem !== "string") return Buffer.from(pem);
  try {
    return readFileSync(pem);
  } catch (error) {
    throw badCredentials(`the TLS ${what} cannot be read: ${messageOf(error)}`, error);
  }
}

function badCredentials(message: string, cause: unknown): GrpcError {
  return new GrpcError("BAD_CREDENTIALS", message, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
