/**
 * The drop copy of the paper exchange, by its network API. It shares no code with Execution's line: two who read the same wrong would agree.
 *
 * 1. The user stream brings each execution when it happens, so that a vote finds it in memory.
 * 2. What is not there, because it happened before this process or while the stream was down, is asked for by its id, once for all who wait.
 * 3. Nothing is remembered of what the venue does not have: the next vote asks again.
 */
import { setTimeout as wait } from "node:timers/promises";
import { OrdersError, parseMoney, parsePrice, parseQuantity, type Side } from "@countersign/orders";
import { type Copied, type DropCopy, DropCopyError } from "../../core/drop-copy.ts";
import { readEvents } from "./events.ts";

export interface PaperDropCopyOptions {
  /** As intents name it. */
  readonly venue: string;
  readonly account: string;
  /** `http://127.0.0.1:8080`; https in every real network, because the key goes with each request. */
  readonly url: string;
  /** Reads the account, and can neither place nor cancel; asked for each request. */
  readonly apiKey: () => string;
  /** For the operator's eyes: the stream is up, or why not. */
  readonly note: (text: string) => void;
}

export class PaperDropCopy implements DropCopy {
  readonly venue: string;
  readonly account: string;
  readonly #o: PaperDropCopyOptions;
  readonly #end = new AbortController();
  /** By execution id, the oldest first. */
  readonly #known = new Map<string, Copied>();
  readonly #asked = new Map<string, Promise<Copied | undefined>>();
  #isUp = false;

  /** Opens the stream, and opens it again whenever it is down, until it is closed. */
  constructor(options: PaperDropCopyOptions) {
    this.venue = options.venue;
    this.account = options.account;
    this.#o = options;
    void this.#follow();
  }

  execution(executionId: string): Promise<Copied | undefined> {
    const known = this.#known.get(executionId);
    if (known !== undefined) return Promise.resolve(known);
    // The exchange numbers its executions.
    if (!/^[1-9]\d{0,14}$/.test(executionId)) return Promise.resolve(undefined);
    const asked = this.#asked.get(executionId) ?? this.#find(executionId);
    this.#asked.set(executionId, asked);
    return asked.finally(() => this.#asked.delete(executionId));
  }

  close(): void {
    this.#end.abort();
  }

  async #find(executionId: string): Promise<Copied | undefined> {
    // Execution may have heard of it a moment before us.
    const until = performance.now() + STREAM_MS_MAX;
    while (this.#isUp && performance.now() < until) {
      await wait(POLL_MS);
      const known = this.#known.get(executionId);
      if (known !== undefined) return known;
    }
    const body = await this.#get(`/v1/executions?since=${Number(executionId) - 1}&limit=1`);
    const [first] = (body as { executions?: readonly unknown[] }).executions ?? [];
    const copied = first === undefined ? undefined : copiedOf(first);
    return copied?.executionId === executionId ? this.#remember(copied) : undefined;
  }

  async #get(path: string): Promise<unknown> {
    const { url, apiKey } = this.#o;
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(ANSWER_MS_MAX)]);
    try {
      const response = await fetch(new URL(path, url), { headers: { "x-api-key": apiKey() }, signal });
      if (response.status === 200) return await response.json();
      throw new DropCopyError("BAD_ANSWER", `GET ${path}: ${response.status}`);
    } catch (cause) {
      throw unanswered(cause, `GET ${path}`);
    }
  }

  async #follow(): Promise<void> {
    const { url, apiKey, note } = this.#o;
    const { signal } = this.#end;
    for (let failures = 0; !signal.aborted; failures++) {
      const events = readEvents(new URL("/v1/stream", url), { apiKey: apiKey(), signal, silenceMs: SILENCE_MS_MAX });
      try {
        for await (const { name, data } of events) {
          if (name === "hello") note("the drop copy follows the venue");
          failures = 0;
          this.#isUp = true;
          const { report } = data as { report?: { execType?: unknown } };
          if (name === "report" && report?.execType === "TRADE") this.#remember(copiedOf(report));
        }
      } catch (error) {
        if (signal.aborted) return;
        if (this.#isUp || failures === 0) note(`the drop copy is down: ${unanswered(error, "the stream").message}`);
      }
      this.#isUp = false;
      await wait(Math.min(BACKOFF_MS_MIN * 2 ** failures, BACKOFF_MS_MAX), undefined, { signal }).catch(() => {});
    }
  }

  #remember(copied: Copied): Copied {
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= KNOWN_MAX) this.#known.delete(oldest);
    this.#known.set(copied.executionId, copied);
    return copied;
  }
}

/** Throws DropCopyError `BAD_ANSWER` for what is no execution. */
function copiedOf(report: unknown): Copied {
  const { execID, clOrdID, symbol, side, transactTimeMs, trade } = report as Readonly<Record<string, unknown>>;
  const { lastQty, lastPx, commission, commCurrency } = (trade ?? {}) as Readonly<Record<string, unknown>>;
  try {
    return {
      executionId: String(execID),
      clientOrderId: String(clOrdID),
      symbol: String(symbol),
      side: side as Side,
      quantity: parseQuantity(String(lastQty)),
      price: parsePrice(String(lastPx)),
      commission: parseMoney(String(commission), String(commCurrency)),
      timeMs: Number(transactTimeMs),
    };
  } catch (cause) {
    if (!(cause instanceof OrdersError)) throw cause;
    throw new DropCopyError("BAD_ANSWER", `execution ${execID} cannot be read: ${cause.message}`, { cause });
  }
}

function unanswered(cause: unknown, what: string): DropCopyError {
  if (cause instanceof DropCopyError) return cause;
  const { name, message } = cause as Error;
  return new DropCopyError(name === "TimeoutError" ? "TIMEOUT" : "UNREACHABLE", `${what}: ${message}`, { cause });
}

const POLL_MS = 5;
/** Between two who hear of one execution. */
const STREAM_MS_MAX = 50;
/** Shorter than a vote is waited for. */
const ANSWER_MS_MAX = 1_000;
/** Three of the venue's heartbeats. */
const SILENCE_MS_MAX = 3_000;
const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 2_000;
/** Far more than wait to be booked. */
const KNOWN_MAX = 10_000;
