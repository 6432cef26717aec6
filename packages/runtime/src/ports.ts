/** The small ports an agent's shell needs, defined by the side that uses them. */
import type { FenceState } from "@countersign/contracts";

/** What this process knows of the control log. */
export interface Fence {
  state(): FenceState;
  /** Called after `state()` has changed, inside the step that changed it. */
  onChange(listener: () => void): void;
}

/** Whether a sender may go on; takes one token. A promise only where it has to ask somebody. */
export interface RateLimiter {
  /** @param nowMs decision time */
  take(identity: string, nowMs: number): boolean | Promise<boolean>;
}

/** Calls between agents: envelopes both ways. Embedded it is a function call, in a cluster gRPC. */
export interface Rpc {
  /** @throws RpcError */
  call(
    call: string,
    server: string,
    request: Uint8Array,
    options: { readonly deadlineMs: number },
  ): Promise<Uint8Array>;
  serve(call: string, server: string, handler: (request: Uint8Array) => Promise<Uint8Array>): void;
}

export class RpcError extends Error {
  readonly code: "UNAVAILABLE" | "DEADLINE_EXCEEDED" | "REFUSED";

  constructor(code: RpcError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RpcError";
    this.code = code;
  }
}

/** Calls within one process. */
export class LocalRpc implements Rpc {
  readonly #handlers = new Map<string, (request: Uint8Array) => Promise<Uint8Array>>();

  async call(call: string, server: string, request: Uint8Array): Promise<Uint8Array> {
    const handler = this.#handlers.get(`${call}@${server}`);
    if (handler === undefined) throw new RpcError("UNAVAILABLE", `nobody serves ${call} at ${server}`);
    return handler(request);
  }

  serve(call: string, server: string, handler: (request: Uint8Array) => Promise<Uint8Array>): void {
    this.#handlers.set(`${call}@${server}`, handler);
  }
}
