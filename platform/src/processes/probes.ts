/**
 * What the probes of a process answer. `/startupz` is red until what it does by itself at its start is done: its folder is read, its keys
 * are its own, its ports are open; then it is green for ever. `/healthz` is red when only a new process helps: a handler that hangs, a
 * consumer that hangs, a loop that does not come to the end of a task; never because an engine is away. `/readyz` is red while it should
 * get no work: until it can do any, while the fence is older than its lease, while an engine is away, and from the moment it is told to
 * end. All from memory.
 */
import type { Pool } from "@countersign/postgres";
import type { WallLoop } from "@countersign/runtime";
import type { Health } from "@countersign/telemetry";
import type { WatchedBus } from "./watched-bus.ts";

export interface HealthOptions {
  readonly bus: Pick<WatchedBus, "isStuck" | "isAway">;
  readonly loop: Pick<WallLoop, "taskMs">;
  /** Undefined where it has none. */
  readonly database: Pick<DatabaseWatch, "isAway" | "why"> | undefined;
  /** Undefined where there is none to be fresh. */
  readonly fenceIsFresh: (() => boolean) | undefined;
  readonly isOpen: () => boolean;
  readonly phase: () => Phase;
  /** Why the agent itself should get no work, such as a venue that is away; undefined when nothing keeps it. */
  readonly whyNot?: () => string | undefined;
}

export type Phase = "starting" | "working" | "ending";

/** Far beyond every deadline that a task of the loop may wait for. */
const HANGS_MS = 60_000;

/** `isOpen` does not become false again. */
export function started({ isOpen }: Pick<HealthOptions, "isOpen">): Health {
  return isOpen() ? GREEN : red("it reads its folder and opens its ports");
}

export function liveness({ bus, loop }: Pick<HealthOptions, "bus" | "loop">): Health {
  if (bus.isStuck) return red("a handler of the bus hangs, or its consumer does");
  if (loop.taskMs > HANGS_MS) return red(`a task runs for ${Math.round(loop.taskMs / 1_000)} s`);
  return GREEN;
}

export function readiness({ bus, database, fenceIsFresh, phase, whyNot }: HealthOptions): Health {
  if (phase() !== "working") return red(`it is ${phase()}`);
  if (fenceIsFresh !== undefined && !fenceIsFresh()) return red("the fence is stale: no validator answers");
  if (bus.isAway(performance.now())) return red("no broker answers");
  if (database?.isAway) return red(database.why);
  const why = whyNot?.();
  return why === undefined ? GREEN : red(why);
}

/** Asks the database every two seconds whether it is there, and what time it is. */
export class DatabaseWatch {
  readonly #pool: Pool;
  readonly #timer: NodeJS.Timeout;
  #askedMs: number | undefined;
  #failed: string | undefined;
  #clockOffsetSeconds: number | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#timer = setInterval(() => this.#ask(), ASK_EVERY_MS).unref();
  }

  get isAway(): boolean {
    return this.#failed !== undefined || (this.#askedMs !== undefined && performance.now() - this.#askedMs > SILENT_MS);
  }

  get why(): string {
    return this.#failed ?? "the database does not answer";
  }

  /** This machine's clock minus the database's, as of the last answer; undefined while there is none. */
  get clockOffsetSeconds(): number | undefined {
    return this.#clockOffsetSeconds;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #ask(): void {
    if (this.#askedMs !== undefined) return;
    const askedMs = Date.now();
    this.#askedMs = performance.now();
    const answered = (failed: string | undefined, clock: number) => {
      const tookMs = this.#askedMs === undefined ? 0 : performance.now() - this.#askedMs;
      this.#askedMs = undefined;
      this.#failed = failed;
      // It was read somewhere between question and answer: of one that took long nothing is learned.
      if (Number.isNaN(clock)) this.#clockOffsetSeconds = undefined;
      else if (tookMs <= CLOCK_WITHIN_MS) this.#clockOffsetSeconds = (askedMs + tookMs / 2) / 1_000 - clock;
    };
    this.#pool.query<{ clock: string }>(CLOCK).then(
      ({ rows: [row] }) => answered(undefined, Number(row?.clock)),
      (error: unknown) => answered(error instanceof Error ? error.message : String(error), Number.NaN),
    );
  }
}

const CLOCK = "select extract(epoch from clock_timestamp())::text as clock";
/** Then it is known to half of this. */
const CLOCK_WITHIN_MS = 100;
const ASK_EVERY_MS = 2_000;
const SILENT_MS = 5_000;
const GREEN: Health = { ok: true, why: "" };
const red = (why: string): Health => ({ ok: false, why });
