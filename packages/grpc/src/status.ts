/**
 * The port's errors as gRPC statuses and back:
 *
 *   REFUSED ↔ FAILED_PRECONDITION     UNAVAILABLE ↔ UNAVAILABLE     DEADLINE_EXCEEDED ↔ DEADLINE_EXCEEDED
 *
 * Every other status becomes UNAVAILABLE: whether the server acted is unknown, and asking again with the same bytes finds out.
 */
import { RpcError } from "@countersign/runtime";
import { type ServiceError, status } from "@grpc/grpc-js";

export interface Status {
  readonly code: status;
  readonly details: string;
}

const toGrpc = {
  REFUSED: status.FAILED_PRECONDITION,
  UNAVAILABLE: status.UNAVAILABLE,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
} as const satisfies Record<RpcError["code"], status>;

/** The text travels in a header, percent-encoded: up to nine bytes a character, and a header list ends at 64 KiB. */
const DETAILS_CHARS_MAX = 1_000;

export function statusOf({ code, message }: RpcError): Status {
  return { code: toGrpc[code], details: detailsOf(message) };
}

/** A text that fits a header; half a surrogate pair would not, it cannot be percent-encoded. */
export function detailsOf(text: string): string {
  return text.slice(0, DETAILS_CHARS_MAX).toWellFormed();
}

/** A refusal is the server's own word; anything else also says which call it was. */
export function rpcErrorOf(call: string, server: string, error: ServiceError): RpcError {
  const { code, details } = error;
  const where = `${call} at ${server}`;
  switch (code) {
    case status.FAILED_PRECONDITION:
      return new RpcError("REFUSED", details, { cause: error });
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
      return new RpcError(status[code] as "UNAVAILABLE" | "DEADLINE_EXCEEDED", `${where}: ${details}`, {
        cause: error,
      });
    default:
      return new RpcError("UNAVAILABLE", `${where}: ${status[code]}: ${details}`, { cause: error });
  }
}
