/**
 * How far a consumer is behind, in time. A count says nothing about a topic with a record an hour; a time says how old the world is
 * that the agent decides upon.
 */
export class Lag {
  readonly #nowMs: () => number;
  readonly #topics = new Map<string, Map<number, Place>>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The agent has a record in hand, and the broker `behind` more of its partition after it. */
  delivered(topic: string, partition: number, brokerTimeMs: number, behind: number): void {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) {
      // Topics come from the catalogue; the bound is against a caller's mistake.
      if (this.#topics.size >= TOPICS_MAX) return;
      partitions = new Map();
      this.#topics.set(topic, partitions);
    }
    const place = partitions.get(partition);
    if (place === undefined) partitions.set(partition, { brokerTimeMs, behind, inHand: 1 });
    else {
      place.brokerTimeMs = brokerTimeMs;
      place.behind = behind;
      place.inHand = 1;
    }
  }

  /** The record in hand is done with. */
  handled(topic: string, partition: number): void {
    const place = this.#topics.get(topic)?.get(partition);
    if (place === undefined) return;
    place.inHand = 0;
  }

  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  /**
   * Of the slowest partition, in seconds. While a record is in hand or waits, it grows with the clock, also when the handler hangs; when
   * none does, it is 0: an idle topic is not late, and what was old when a process began to read is behind it.
   */
  seconds(): readonly (readonly [string, number])[] {
    const now = this.#nowMs();
    return this.#over((places) =>
      Math.max(0, ...places.map((one) => (waiting(one) > 0 ? (now - one.brokerTimeMs) / 1_000 : 0))),
    );
  }

  records(): readonly (readonly [string, number])[] {
    return this.#over((places) => places.reduce((sum, place) => sum + waiting(place), 0));
  }

  #over(fold: (places: readonly Place[]) => number): readonly (readonly [string, number])[] {
    return [...this.#topics].map(([topic, partitions]) => [topic, fold([...partitions.values()])] as const);
  }
}

function waiting({ behind, inHand }: Place): number {
  return behind + inHand;
}

interface Place {
  brokerTimeMs: number;
  behind: number;
  inHand: 0 | 1;
}

const TOPICS_MAX = 256;
