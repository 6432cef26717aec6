/**
 * Orders on their way: written once, and followed until their outcome is certain.
 *
 *   answer NEW or REJECTED            that is the outcome
 *   told that it is no order (4xx)    rejected, with the venue's code
 *   no answer                         the venue is asked for it by its client order id, again and again: found is its outcome; not
 *                                     found at a venue time after its validity window: NOT_SENT, because it will never be taken
 *
 * Nothing here writes an order a second time.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionReport } from "@countersign/venue-paper";
import type { VenueReport } from "../../core/edge-input.ts";
import { toVenueReport } from "../reports.ts";
import { type Answer, NoAnswerError, type VenueClient } from "./client.ts";

export interface OrderRequest {
  readonly clientOrderId: string;
  readonly validUntilMs: number;
  /** The bytes that are written. */
  readonly body: string;
}

export class Submits {
  readonly #client: VenueClient;
  readonly #report: (report: VenueReport, execID: number | undefined) => void;
  readonly #onWay = new Map<string, Promise<void>>();
  #isClosed = false;

  /** `report` is told the outcome, and the id of the venue's report, where it is one. */
  constructor(client: VenueClient, report: (report: VenueReport, execID: number | undefined) => void) {
    this.#client = client;
    this.#report = report;
  }

  /** Writes it before it returns. */
  write(request: OrderRequest): void {
    const { clientOrderId, body } = request;
    const answer = this.#client.request("POST", "/v1/orders", { body, deadlineMs: ANSWER_MS_MAX });
    const outcome = this.#follow(request, answer).then((outcome) => {
      this.#onWay.delete(clientOrderId);
      if (outcome !== undefined) this.#report(outcome.report, outcome.execID);
    });
    this.#onWay.set(clientOrderId, outcome);
  }

  /** Resolves when nothing about this order is in doubt any more; at once, when it is not on its way. */
  async settled(clientOrderId: string): Promise<void> {
    await this.#onWay.get(clientOrderId);
  }

  close(): void {
    this.#isClosed = true;
  }

  async #follow(request: OrderRequest, answer: Promise<Answer>): Promise<Outcome | undefined> {
    const { clientOrderId } = request;
    try {
      const { status, body } = await answer;
      if (status === 200) return outcomeOf(body.report as ExecutionReport);
      const { code } = (body.error ?? {}) as { code?: string };
      return { report: { type: "rejected", clientOrderId, code: code ?? `HTTP_${status}` } };
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      return this.#inDoubt(request);
    }
  }

  async #inDoubt({ clientOrderId, validUntilMs }: OrderRequest): Promise<Outcome | undefined> {
    while (!this.#isClosed) {
      const found = await lookUp(this.#client, clientOrderId).catch(noAnswer);
      const [first] = found?.reports ?? [];
      // How it was taken; what became of it since comes by the user stream, in its order.
      if (first !== undefined) return outcomeOf(first);
      if (found !== undefined && found.timeMs > validUntilMs) return { report: { type: "notSent", clientOrderId } };
      await sleep(POLL_MS);
    }
    return undefined;
  }
}

interface Outcome {
  readonly report: VenueReport;
  readonly execID?: number;
}

function outcomeOf(report: ExecutionReport): Outcome {
  return { report: toVenueReport(report), execID: report.execID };
}

/** All reports of the order, oldest first; none: the venue does not know it at this time of its clock. Rejects with NoAnswerError. */
export async function lookUp(
  client: VenueClient,
  clientOrderId: string,
): Promise<{ readonly reports: readonly ExecutionReport[]; readonly timeMs: number }> {
  const path = `/v1/orders/${encodeURIComponent(clientOrderId)}`;
  const { status, body, timeMs } = await client.request("GET", path, { deadlineMs: ANSWER_MS_MAX });
  if (status === 200) return { reports: body.reports as ExecutionReport[], timeMs };
  const { code } = (body.error ?? {}) as { code?: string };
  if (status === 404 && code === "UNKNOWN_ORDER") return { reports: [], timeMs };
  throw new NoAnswerError("BAD_ANSWER", `GET ${path}: ${status} ${code}`);
}

/** Undefined for a request that was not answered; anything else goes on being thrown. */
export function noAnswer(error: unknown): undefined {
  if (!(error instanceof NoAnswerError)) throw error;
}

/** Shorter than the validity window: what is slow is in doubt while it may still be taken. */
export const ANSWER_MS_MAX = 2_000;
/** Between two questions about one thing. */
export const POLL_MS = 100;
