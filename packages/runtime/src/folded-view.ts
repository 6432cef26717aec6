/** An agent's view of the market with how far it has read: folded message by message, written down every so often. */
import type { MarketMessage, Trigger, ViewOf } from "./agent.ts";
import { decodeJson, encodeJson } from "./codec.ts";
import type { Positions } from "./positions.ts";
import type { SnapshotRow } from "./store.ts";

/** Messages folded between two snapshots. */
const SNAPSHOT_EVERY = 5_000;

export class FoldedView<View> {
  readonly #of: ViewOf<View>;
  readonly #positions: Positions;
  #view: View;
  #sinceSnapshot = 0;

  constructor(of: ViewOf<View>, positions: Positions) {
    this.#of = of;
    this.#positions = positions;
    this.#view = of.create();
  }

  get value(): View {
    return this.#view;
  }

  fold(message: MarketMessage): Trigger | undefined {
    this.#sinceSnapshot++;
    return this.#of.fold(this.#view, message);
  }

  /** Goes along with the next commit; `written` after it. */
  snapshotIfDue(): SnapshotRow | undefined {
    if (this.#sinceSnapshot < SNAPSHOT_EVERY) return undefined;
    return { json: encodeJson({ positions: this.#positions.ofMarket(), view: this.#of.snapshot(this.#view) }) };
  }

  written(): void {
    this.#sinceSnapshot = 0;
  }

  restore(row: SnapshotRow | undefined): void {
    if (row === undefined) return;
    const { positions, view } = decodeJson(row.json) as { positions: Record<string, string>; view: unknown };
    this.#view = this.#of.restore(view);
    this.#positions.restore(positions);
  }
}
