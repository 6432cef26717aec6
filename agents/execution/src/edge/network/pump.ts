import type { EdgeInput, OrderNews, Reports } from "../../core/edge-input.ts";

/**
 * What was heard, on its way to the core: in order, one at a time. Reports that wait together are taken together, so that one commit and
 * one proposal book them, and a burst makes the inputs larger and not more.
 */
export class Pump {
  readonly #waiting: { readonly news: EdgeInput; readonly taken: () => void }[] = [];
  #take: ((news: EdgeInput) => Promise<void>) | undefined;
  #failed: (error: unknown) => void = () => {};
  #running = false;

  connect(take: (news: EdgeInput) => Promise<void>, failed: (error: unknown) => void): void {
    this.#take = take;
    this.#failed = failed;
    this.#run();
  }

  /** `taken` is called when the core has decided upon it, and its transaction is done. */
  put(news: EdgeInput, taken: () => void = () => {}): void {
    this.#waiting.push({ news, taken });
    this.#run();
  }

  report(reports: readonly OrderNews[], executedThrough?: Reports["executedThrough"]): void {
    if (reports.length === 0 && executedThrough === undefined) return;
    this.put({ name: "reports", data: { reports, ...(executedThrough && { executedThrough }) } });
  }

  close(): void {
    this.#take = undefined;
    this.#waiting.length = 0;
  }

  #run(): void {
    if (this.#running || this.#take === undefined) return;
    this.#running = true;
    this.#drain().catch((error: unknown) => {
      this.close();
      this.#failed(error);
    });
  }

  async #drain(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      await this.#take?.(next.news);
      next.taken();
    }
    this.#running = false;
  }

  #next(): { readonly news: EdgeInput; readonly taken: () => void } | undefined {
    const first = this.#waiting.shift();
    if (first?.news.name !== "reports") return first;
    const merged = { reports: [...first.news.data.reports], through: first.news.data.executedThrough };
    const taken = [first.taken];
    for (let next = this.#waiting[0]; merged.reports.length < TOGETHER_MAX; next = this.#waiting[0]) {
      if (next?.news.name !== "reports") break;
      merged.reports.push(...next.news.data.reports);
      merged.through = next.news.data.executedThrough ?? merged.through;
      taken.push(next.taken);
      this.#waiting.shift();
    }
    const { reports, through } = merged;
    const data = { reports, ...(through && { executedThrough: through }) };
    const allTaken = (): void => {
      for (const each of taken) each();
    };
    return { news: { name: "reports", data }, taken: allTaken };
  }
}

/** Fills of one proposal: a validator judges them one by one. */
const TOGETHER_MAX = 100;
