/** How far orders have come, by what was heard of each: everything about one order carries its correlation id. */

/** In their order; without a fill nothing is booked. */
const PLACES = ["permit.issued", "order.intent", "order.accepted", "order.filled", "ledger.entry"] as const;
type Place = (typeof PLACES)[number];

export interface Way {
  readonly places: ReadonlySet<Place>;
  /** From the first that was heard of it to the last. */
  readonly tookMs: number;
}

export class Ways {
  readonly #ways = new Map<string, { readonly places: Set<Place>; readonly fromMs: number; toMs: number }>();

  heard(correlationId: string, type: string, nowMs: number): void {
    const place = PLACES.find((known) => known === type);
    if (place === undefined) return;
    const way = this.#ways.get(correlationId) ?? { places: new Set<Place>(), fromMs: nowMs, toMs: nowMs };
    way.places.add(place);
    way.toMs = nowMs;
    this.#ways.set(correlationId, way);
  }

  all(): readonly Way[] {
    return [...this.#ways.values()].map(({ places, fromMs, toMs }) => ({ places, tookMs: toMs - fromMs }));
  }
}

/** Heard from its intent on: one that was under way when listening began proves less. */
export function isWhole({ places }: Way): boolean {
  return PLACES.every((place) => places.has(place));
}

/** Undefined where no order began. */
export function furthest(ways: readonly Way[]): Place | undefined {
  const reached = ways.filter(({ places }) => places.has("order.intent"));
  return PLACES.findLast((place) => reached.some(({ places }) => places.has(place)));
}
