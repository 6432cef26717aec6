/**
 * Trying again, at the one place where it is harmless: the same sealed bytes have the same message id, so whoever acted on them
 * answers what it answered the first time.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Rpc, RpcError } from "@countersign/runtime";

export interface RetryOptions {
  /** All of them, the first included. */
  readonly attempts: number;
  /** The longest pause after the first attempt; doubled with each one. */
  readonly baseMs: number;
  /** No pause is longer. */
  readonly capMs: number;
  /** From 0 up to 1, such as Math.random. */
  readonly random: () => number;
}

/**
 * The same port; `call` tries again after UNAVAILABLE and DEADLINE_EXCEEDED, never after REFUSED. The deadline bounds everything:
 * each attempt gets an equal share of what is left, the last one all of it. Pauses have full jitter, from 0 to the bound, so that
 * callers who failed together do not come back together (Brooker, "Exponential Backoff and Jitter").
 */
export function withRetries(rpc: Rpc, { attempts, baseMs, capMs, random }: RetryOptions): Rpc {
  return {
    serve: (call, server, handler) => rpc.serve(call, server, handler),
    async call(call, server, request, options) {
      const endsAt = performance.now() + options.deadlineMs;
      for (let attempt = 1; ; attempt++) {
        const share = (endsAt - performance.now()) / (attempts - attempt + 1);
        try {
          return await rpc.call(call, server, request, { ...options, deadlineMs: Math.max(1, share) });
        } catch (error) {
          if (!(error instanceof RpcError) || error.code === "REFUSED" || attempt >= attempts) throw error;
          const pauseMs = random() * Math.min(capMs, baseMs * 2 ** (attempt - 1));
          if (performance.now() + pauseMs >= endsAt) throw error;
          await sleep(pauseMs);
        }
      }
    },
  };
}
