/** How far orders have come, by what was heard of each: whoever speaks of an order names its intent. */
import type { Message } from "@bufbuild/protobuf";
import type { EntryPosted, Fill, OrderAccepted, PermitIssued } from "@countersign/contracts";
import { peekPropose, readEntry } from "@countersign/quorum";

/** In their order; without a fill nothing is booked. */
const PLACES = ["permit.issued", "order.accepted", "order.filled", "ledger.entry"] as const;
type Place = (typeof PLACES)[number];

export interface Way {
  readonly places: ReadonlySet<Place>;
  /** From the first that was heard of it to the last. */
  readonly tookMs: number;
}

export class Ways {
  readonly #ways = new Map<string, { readonly places: Set<Place>; readonly fromMs: number; toMs: number }>();

  heard(type: string, payload: Message, nowMs: number): void {
    const place = PLACES.find((known) => known === type);
    if (place === undefined) return;
    for (const intentKey of intentKeys(place, payload)) {
      const way = this.#ways.get(intentKey) ?? { places: new Set<Place>(), fromMs: nowMs, toMs: nowMs };
      way.places.add(place);
      way.toMs = nowMs;
      this.#ways.set(intentKey, way);
    }
  }

  all(): readonly Way[] {
    return [...this.#ways.values()].map(({ places, fromMs, toMs }) => ({ places, tookMs: toMs - fromMs }));
  }
}

/** Heard from its permit on: one that was under way when listening began proves less. */
export function isWhole({ places }: Way): boolean {
  return PLACES.every((place) => places.has(place));
}

/** Undefined where no order began. */
export function furthest(ways: readonly Way[]): Place | undefined {
  const begun = ways.filter(({ places }) => places.has(PLACES[0]));
  return PLACES.findLast((place) => begun.some(({ places }) => places.has(place)));
}

/** Of the orders that a message is about; an entry of the ledger may book fills of several. */
function intentKeys(place: Place, payload: Message): readonly string[] {
  if (place !== "ledger.entry") {
    const { intentKey } = payload as PermitIssued | OrderAccepted | Fill;
    return intentKey === undefined ? [] : [intentKey];
  }
  const { entry } = payload as EntryPosted;
  const contents = (readEntry(entry ?? new Uint8Array())?.proposes ?? []).map(
    (propose) => peekPropose(propose)?.request.content,
  );
  const fills = contents.flatMap((content) => (content?.case === "fills" ? content.value.fills : []));
  return fills.flatMap(({ intentKey }) => (intentKey === undefined ? [] : [intentKey]));
}
