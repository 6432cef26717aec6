/** How far orders have come, by what was heard of each: whoever speaks of an order names its intent. */
import type { Message } from "@bufbuild/protobuf";
import {
  type EntryPosted,
  type Fill,
  type OrderAccepted,
  type OrderReported,
  OrderStatus,
  type PermitIssued,
} from "@countersign/contracts";
import { peekPropose, readEntry } from "@countersign/quorum";

/** In their order; without a fill nothing is booked. */
const PLACES = ["permit.issued", "order.accepted", "order.filled", "ledger.entry"] as const;
type Place = (typeof PLACES)[number];

/** After one of these a venue does nothing more with an order. */
const ENDS: ReadonlyMap<OrderStatus | undefined, string> = new Map([
  [OrderStatus.CANCELED, "CANCELED"],
  [OrderStatus.EXPIRED, "EXPIRED"],
  [OrderStatus.REJECTED, "REJECTED"],
  [OrderStatus.NOT_SENT, "NOT_SENT"],
]);

export interface Way {
  readonly intentKey: string;
  readonly places: ReadonlySet<Place>;
  /** Without a fill of all of it: why, as in "EXPIRED TIME_IN_FORCE". */
  readonly ended: string | undefined;
  /** Fills that the ledger was not heard to book. */
  readonly unbooked: number;
  /** When the first was heard of it, and the last. */
  readonly fromMs: number;
  readonly toMs: number;
}

export class Ways {
  readonly #ways = new Map<string, Followed>();
  /** Forgotten, but for their names: what is said of one again begins no way. */
  readonly #over = new Set<string>();

  heard(type: string, payload: Message, nowMs: number): void {
    if (type === "order.reported") this.#reported(payload as OrderReported, nowMs);
    const place = PLACES.find((known) => known === type);
    if (place === undefined) return;
    for (const { intentKey, fillId } of ordersIn(place, payload)) {
      const way = this.#wayOf(intentKey, nowMs);
      way?.places.add(place);
      if (place === "order.filled") way?.filled.add(fillId ?? "");
      if (place === "ledger.entry") way?.booked.add(fillId ?? "");
    }
  }

  all(): readonly Way[] {
    return [...this.#ways].map(([intentKey, { places, filled, booked, ended, fromMs, toMs }]) => {
      return {
        intentKey,
        places,
        ended,
        unbooked: [...filled].filter((fill) => !booked.has(fill)).length,
        fromMs,
        toMs,
      };
    });
  }

  /** Takes out what is settled, and of which nothing was heard since then: there may be many in a day. */
  take(idleSinceMs: number): readonly Way[] {
    const taken = this.all().filter((way) => isSettled(way) && way.toMs < idleSinceMs);
    for (const { intentKey } of taken) {
      this.#ways.delete(intentKey);
      this.#over.add(intentKey);
    }
    return taken;
  }

  #reported({ intentKey, status, code }: OrderReported, nowMs: number): void {
    const end = ENDS.get(status);
    if (intentKey === undefined || end === undefined) return;
    const way = this.#wayOf(intentKey, nowMs);
    if (way !== undefined) way.ended = [end, code].filter(Boolean).join(" ");
  }

  /** Undefined of one that is over. */
  #wayOf(intentKey: string, nowMs: number): Followed | undefined {
    if (this.#over.has(intentKey)) return undefined;
    const way = this.#ways.get(intentKey) ?? begin(nowMs);
    this.#ways.set(intentKey, way);
    way.toMs = nowMs;
    return way;
  }
}

/** Heard from its permit on: one that was under way when listening began proves less. */
export function isWhole({ places, unbooked }: Way): boolean {
  return PLACES.every((place) => places.has(place)) && unbooked === 0;
}

/** Nothing of it is open: it is booked, or it ended for a reason before anything was filled. */
export function isSettled(way: Way): boolean {
  return isWhole(way) || (way.ended !== undefined && !way.places.has("order.filled"));
}

export function hasBegun({ places }: Way): boolean {
  return places.has(PLACES[0]);
}

/** Undefined where no order began. */
export function furthest(ways: readonly Way[]): Place | undefined {
  const begun = ways.filter(hasBegun);
  return PLACES.findLast((place) => begun.some(({ places }) => places.has(place)));
}

interface Followed {
  readonly places: Set<Place>;
  readonly filled: Set<string>;
  readonly booked: Set<string>;
  readonly fromMs: number;
  ended: string | undefined;
  toMs: number;
}

function begin(nowMs: number): Followed {
  const [places, filled, booked] = [new Set<Place>(), new Set<string>(), new Set<string>()];
  return { places, filled, booked, ended: undefined, fromMs: nowMs, toMs: nowMs };
}

interface Spoken {
  readonly intentKey: string;
  /** Of a fill, and of its booking. */
  readonly fillId?: string | undefined;
}

/** The orders that a message is about; an entry of the ledger may book fills of several. */
function ordersIn(place: Place, payload: Message): readonly Spoken[] {
  if (place !== "ledger.entry") return spokenOf([payload as PermitIssued | OrderAccepted | Fill]);
  const { entry } = payload as EntryPosted;
  const contents = (readEntry(entry ?? new Uint8Array())?.proposes ?? []).map(
    (propose) => peekPropose(propose)?.request.content,
  );
  return spokenOf(contents.flatMap((content) => (content?.case === "fills" ? content.value.fills : [])));
}

function spokenOf(
  messages: readonly { intentKey?: string | undefined; fillId?: string | undefined }[],
): readonly Spoken[] {
  return messages.flatMap(({ intentKey, fillId }) => (intentKey === undefined ? [] : [{ intentKey, fillId }]));
}
