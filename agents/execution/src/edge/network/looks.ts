/**
 * Looks at the account at the venue, one at a time. Its answer names the last report it comes after, and goes to the core exactly between
 * that report and the next: then what the core holds is of the same moment, and no execution on its way is a difference.
 *
 *   the stream is behind the answer   it waits for the stream; one that does not come to it has lost something, and is opened anew
 *   the answer is behind the stream   it is of the past, and the next look is not
 */
import type { AccountStatus, ExecutionReport } from "@countersign/venue-paper";
import type { Look, VenueFill } from "../../core/edge-input.ts";
import { toLook, toVenueReport } from "../reports.ts";

export interface LooksOptions {
  /** The venue's name, as intents name it. */
  readonly venue: string;
  /** The answer to a GET. Rejects with NoAnswerError. */
  readonly get: (path: string) => Promise<Readonly<Record<string, unknown>> & { readonly timeMs?: unknown }>;
  /** To the core, behind everything it was told before. `taken`: it has decided. */
  readonly put: (look: Look, taken: () => void) => void;
  /** Machine time. */
  readonly nowMs: () => number;
  /** Undefined when nobody answers; what is no failure of the network is thrown on. */
  readonly noAnswer: (error: unknown) => undefined;
  /** The stream does not bring what the account names. */
  readonly onLost: (why: string) => void;
}

interface Answer {
  readonly status: AccountStatus;
  readonly look: Look;
}

export class Looks {
  readonly #o: LooksOptions;
  /** execIDs: the last that the stream has told; the last that was told by any way, both since it is open; the last that was looked at. */
  #streamed = 0;
  #passed = 0;
  #looked: number | undefined;
  #waiting: Answer | undefined;
  #waitingSinceMs = 0;
  #isBusy = false;

  constructor(options: LooksOptions) {
    this.#o = options;
  }

  /** A stream is being opened. A venue that was put back counts its reports from an earlier one. */
  reset(): void {
    this.#passed = 0;
  }

  /** It is up, and everything up to this report has been asked for. */
  begin(lastExecID: number): void {
    this.#streamed = lastExecID;
    this.passed(lastExecID);
    this.#looked = Math.min(this.#looked ?? lastExecID, lastExecID);
    this.#waiting = undefined;
  }

  /** The core was told of this report, by whatever way. */
  passed(execID: number): void {
    this.#passed = Math.max(this.#passed, execID);
  }

  /** … by the stream. */
  heard(execID: number): void {
    this.#streamed = execID;
    this.passed(execID);
    const waiting = this.#waiting;
    if (waiting === undefined || waiting.status.lastExecID > execID) return;
    this.#waiting = undefined;
    this.#offer(waiting);
  }

  /** Asks, unless an earlier look is still under way. */
  look(): void {
    if (this.#waiting !== undefined) this.#wait(this.#waiting);
    else if (!this.#isBusy) this.#begin();
  }

  #wait({ status: { lastExecID } }: Answer): void {
    if (this.#o.nowMs() - this.#waitingSinceMs < WAIT_MS_MAX) return;
    this.#waiting = undefined;
    this.#o.onLost(`the account has report ${lastExecID}, and the stream has brought ${this.#streamed}`);
  }

  #begin(): void {
    this.#isBusy = true;
    void this.#ask()
      .catch((error: unknown) => this.#o.noAnswer(error))
      .then((answer) => {
        this.#isBusy = false;
        if (answer !== undefined) this.#offer(answer);
      });
  }

  async #ask(): Promise<Answer> {
    const { venue, get } = this.#o;
    const answer = await get("/v1/account");
    const status = answer as unknown as AccountStatus;
    const executions: VenueFill[] = [];
    let since = this.#looked ?? status.lastExecID;
    for (let more = status.lastExecID > since; more; ) {
      const page = await get(`/v1/executions?since=${since}`);
      const reports = page.executions as ExecutionReport[];
      const now = reports.filter(({ execID }) => execID <= status.lastExecID);
      executions.push(...now.map(toVenueReport).filter((report) => report.type === "filled"));
      more = page.more === true && now.length === reports.length;
      since = reports.at(-1)?.execID ?? since;
    }
    return { status, look: toLook(venue, Number(answer.timeMs), status, executions) };
  }

  #offer(answer: Answer): void {
    const { lastExecID } = answer.status;
    if (lastExecID > this.#streamed) {
      this.#waiting = answer;
      this.#waitingSinceMs = this.#o.nowMs();
      return;
    }
    // Something later was told, by the stream or as an answer: this is of the past.
    if (lastExecID < this.#passed) return;
    this.#looked = lastExecID;
    this.#isBusy = true;
    this.#o.put(answer.look, () => {
      this.#isBusy = false;
    });
  }
}

/** Far beyond what lies between a report and its event. */
const WAIT_MS_MAX = 3_000;
