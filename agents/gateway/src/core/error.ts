/** Expected failures of this package. */
export class GatewayError extends Error {
  readonly code: GatewayErrorCode;

  constructor(code: GatewayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "GatewayError";
    this.code = code;
  }
}

/**
 * - `NOT_LOOPBACK`: the address would be reached from other machines
 * - `BAD_PORT`: no integer from 0 to 65,535
 * - `PORT_TAKEN`: somebody listens there already
 * - `PORT_FORBIDDEN`: this user may not listen there
 */
export type GatewayErrorCode = "NOT_LOOPBACK" | "BAD_PORT" | "PORT_TAKEN" | "PORT_FORBIDDEN";
