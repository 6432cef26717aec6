/** One circuit breaker per server: who does not answer is left alone for a while, and its callers are told at once. */
import { RpcError } from "@countersign/runtime";
import CircuitBreaker from "opossum";

export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerOptions {
  /** In a row; then it opens. */
  readonly failures: number;
  /** After so long one call is let through: its success closes the breaker, its failure opens it again. */
  readonly halfOpenAfterMs: number;
}

type Attempt = () => Promise<Uint8Array>;

export class Breaker {
  readonly #circuit: CircuitBreaker<[Attempt], Uint8Array>;

  constructor(server: string, { failures, halfOpenAfterMs }: BreakerOptions) {
    const circuit = new CircuitBreaker((attempt: Attempt) => attempt(), {
      name: server,
      resetTimeout: halfOpenAfterMs,
      timeout: false, // each call has its own deadline
      volumeThreshold: Number.MAX_SAFE_INTEGER, // never by a percentage: see `failure` below
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      // A server that refuses is well; so the filter makes it a success for the breaker, and an error still for the caller.
      errorFilter: (error) => error instanceof RpcError && error.code === "REFUSED",
    });
    let inARow = 0;
    circuit.on("success", () => {
      inARow = 0;
    });
    circuit.on("failure", () => {
      if (++inARow >= failures) circuit.open();
    });
    circuit.fallback((_attempt: Attempt, error: Error & { code?: string }) => {
      if (error.code !== "EOPENBREAKER") throw error;
      const text = `the circuit breaker of ${server} is open after ${failures} failures in a row; one call is let through every ${halfOpenAfterMs} ms`;
      throw new RpcError("UNAVAILABLE", text, { cause: error });
    });
    this.#circuit = circuit;
  }

  /** What the attempt ends with. @throws RpcError UNAVAILABLE, without an attempt, while it is open */
  run(attempt: Attempt): Promise<Uint8Array> {
    return this.#circuit.fire(attempt);
  }

  get state(): BreakerState {
    if (this.#circuit.opened) return "open";
    return this.#circuit.halfOpen ? "half-open" : "closed";
  }

  close(): void {
    this.#circuit.shutdown();
  }
}
