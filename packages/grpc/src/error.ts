/**
 * - `BAD_ADDRESS`: an address is not `host:port`, or several of one server cannot be one target
 * - `NEEDS_TLS`: plaintext was asked for where other machines can connect
 * - `BAD_CREDENTIALS`: a PEM file is missing or unreadable, or certificate and key do not fit
 * - `CANNOT_LISTEN`: the operating system refused the address, such as a port that is taken
 * - `UNKNOWN_CALL`: somebody wants to serve a call that no service of services.proto has
 */
export type GrpcErrorCode = "BAD_ADDRESS" | "NEEDS_TLS" | "BAD_CREDENTIALS" | "CANNOT_LISTEN" | "UNKNOWN_CALL";

/** An expected failure of setting up. What a call can end with is `RpcError`, of the port. */
export class GrpcError extends Error {
  readonly code: GrpcErrorCode;

  constructor(code: GrpcErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "GrpcError";
    this.code = code;
  }
}
