/**
 * An agent's view of the market with how far it has read: folded message by message, written down every so often.
 *
 * A snapshot says three things of one moment: the view, the high-water marks of what it has folded, and where in the broker's partitions
 * that was. Whoever takes it up again goes on reading from there. So it is only taken when nothing that was read is still undecided:
 * what a message led to would otherwise be behind a restart, and nowhere.
 */
import type { TopicPartition } from "@countersign/bus";
import type { MarketMessage, Trigger, ViewOf } from "./agent.ts";
import { decodeJson, encodeJson } from "./codec.ts";
import type { Positions } from "./positions.ts";
import type { SnapshotRow } from "./store.ts";

/** Messages folded between two snapshots. */
const SNAPSHOT_EVERY = 5_000;

/** How far a partition was read: its last record. */
export interface Read extends TopicPartition {
  readonly offset: bigint;
}

export class FoldedView<View> {
  readonly #of: ViewOf<View>;
  readonly #positions: Positions;
  /** The last record read of each partition. */
  readonly #read = new Map<string, Read>();
  readonly #undecided = new Set<object>();
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

  /** This record is read: folded, dropped or refused. */
  passed({ topic, partition, offset }: Read): void {
    this.#read.set(`${topic}/${partition}`, { topic, partition, offset });
  }

  /** Something that was read leads to a transaction that is not there yet; `settle` when it is. */
  undecided(what: object): void {
    this.#undecided.add(what);
  }

  settle(what: object): void {
    this.#undecided.delete(what);
  }

  /**
   * Goes along with the next commit; `written` after it.
   * @param deciding what that commit decides
   */
  snapshotIfDue(deciding: readonly object[] = []): SnapshotRow | undefined {
    if (this.#sinceSnapshot < SNAPSHOT_EVERY) return undefined;
    for (const one of this.#undecided) if (!deciding.includes(one)) return undefined;
    const offsets = [...this.#read.values()];
    const positions = this.#positions.ofMarket();
    return { json: encodeJson({ positions, offsets, view: this.#of.snapshot(this.#view) }) };
  }

  written(): void {
    this.#sinceSnapshot = 0;
  }

  /** The last record of each partition that the view had read, as the snapshot says; none without one. */
  restore(row: SnapshotRow | undefined): readonly Read[] {
    if (row === undefined) return [];
    const { positions, offsets = [], view } = decodeJson(row.json) as Snapshot;
    this.#view = this.#of.restore(view);
    this.#positions.restore(positions);
    for (const read of offsets) this.passed(read);
    return offsets;
  }
}

interface Snapshot {
  readonly positions: Readonly<Record<string, string>>;
  /** Missing in those of an earlier version. */
  readonly offsets?: readonly Read[];
  readonly view: unknown;
}
