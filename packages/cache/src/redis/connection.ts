/**
 * One connection that never makes anybody wait for a Redis that is away:
 *
 *   1. Every call has a deadline.
 *   2. Three calls in a row that failed, or a connection that broke, and the state is "down": calls are answered `away` at once, without a
 *      try. No caller is sent ahead to find out.
 *   3. While down, a probe in the background *writes* a key; the first that succeeds within the deadline makes the state "up". A Redis
 *      that only reads (a primary that was replaced, a full memory) is of no use here.
 *   4. Nothing is queued and nothing is sent twice: a take that was repeated would be spent twice.
 */
import { Redis } from "ioredis";
import type { Counts } from "../counts.ts";
import { readRedisUrl } from "./url.ts";

export const away = Symbol("away");
export type Away = typeof away;

export type OnState = (state: "up" | "down", reason: string) => void;

const FAILURES_MAX = 3;
const PROBE_MS = 100;
/** A socket on which an answer is due and nothing arrives for so long is a new one: the other end may be gone without a word. */
const SILENCE_MS = 1_000;
const RECONNECT_MS_MAX = 500;

interface ConnectionOptions {
  readonly url: () => string;
  readonly ca: Uint8Array | undefined;
  readonly deadlineMs: number;
  readonly probeKey: string;
  readonly counts: Counts;
  readonly onState: OnState | undefined;
}

export class Connection {
  readonly #o: ConnectionOptions;
  readonly #redis: Redis;
  #password: string | undefined;
  #state: "up" | "down" = "down";
  #failures = 0;
  #reason = "";
  #told: "up" | "down" | undefined;
  #probe: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** Throws BAD_URL. Connects in the background. */
  constructor(options: ConnectionOptions) {
    const { isTls, ...address } = readRedisUrl(options.url());
    this.#o = options;
    this.#password = address.password;
    this.#redis = new Redis({
      host: address.host,
      port: address.port,
      db: address.db,
      username: address.username,
      password: address.password,
      ...(isTls && { tls: options.ca === undefined ? {} : { ca: Buffer.from(options.ca) } }),
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      // Not `commandTimeout`, see withDeadline.
      socketTimeout: SILENCE_MS,
      connectTimeout: SILENCE_MS,
      retryStrategy: (times) => {
        this.#readPassword();
        return Math.min(20 * 2 ** Math.min(times, 10), RECONNECT_MS_MAX);
      },
      disableClientInfo: true,
    });
    this.#redis.on("error", (error) => this.#note(error));
    this.#redis.on("close", () => this.#down());
    this.#probeLater();
  }

  get state(): "up" | "down" {
    return this.#state;
  }

  /** What `work` answers, or `away`; never throws. `work` is nothing but a command. */
  async call<T>(work: (redis: Redis) => Promise<T>): Promise<T | Away> {
    if (this.#state === "down") return away;
    try {
      const answer = await withDeadline(work(this.#redis), this.#o.deadlineMs);
      this.#failures = 0;
      return answer;
    } catch (error) {
      if (error instanceof DeadlineError) this.#o.counts.deadlines++;
      this.#note(error);
      if (++this.#failures >= FAILURES_MAX) this.#down();
      return away;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#probe);
    this.#down();
    this.#redis.disconnect();
  }

  /** The client connects with what its options say then. */
  #readPassword(): void {
    try {
      const { username, password } = readRedisUrl(this.#o.url());
      Object.assign(this.#redis.options, { username, password });
      this.#password = password;
    } catch (error) {
      this.#note(error);
    }
  }

  #down(): void {
    if (this.#state === "down") return;
    this.#state = "down";
    if (this.#isClosed) return;
    this.#o.counts.outages++;
    this.#tell("down");
    this.#probeLater();
  }

  #probeLater(): void {
    this.#probe = setTimeout(() => void this.#tryWrite(), PROBE_MS).unref();
  }

  async #tryWrite(): Promise<void> {
    try {
      if (this.#redis.status !== "ready") return;
      await withDeadline(this.#redis.set(this.#o.probeKey, "", "PX", 1_000), this.#o.deadlineMs);
      if (this.#isClosed) return;
      this.#state = "up";
      this.#failures = 0;
      this.#reason = "it takes writes";
      this.#tell("up");
    } catch (error) {
      this.#note(error);
      // The name may lead to another primary by now.
      if (this.#reason.startsWith("READONLY")) this.#redis.disconnect(true);
    } finally {
      if (this.#state === "down" && !this.#isClosed) this.#probeLater();
    }
  }

  /**
   * The text alone: the errors of the client carry the arguments of their command, and those of HELLO and AUTH are the password. Even the
   * text can: a server that does not know a command repeats it.
   */
  #note(error: unknown): void {
    const text = error instanceof Error ? error.message || error.name : String(error);
    this.#reason = this.#password === undefined ? text : text.replaceAll(this.#password, "***");
    // What was never up does not go down, and yet somebody should hear why.
    if (this.#told === undefined) this.#tell("down");
  }

  #tell(state: "up" | "down"): void {
    if (this.#told === state) return;
    this.#told = state;
    this.#o.onState?.(state, this.#reason);
  }
}

class DeadlineError extends Error {}

/**
 * Not the client's `commandTimeout`: after this process was busy for longer than the deadline, its timer is due before the socket is read,
 * and every answer that is already here would be lost. One turn of the event loop later it is not.
 */
function withDeadline<T>(answer: Promise<T>, deadlineMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new DeadlineError(`no answer within ${deadlineMs} ms`));
    const timer = setTimeout(() => setImmediate(late), deadlineMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
