import type { MarketEvent } from "./events.ts";

/** A stream of events in the order of time, handed over in portions of any size. */
export interface EventSource {
  /** The next events, at least one; undefined at the end. */
  next(): Promise<readonly MarketEvent[] | undefined>;
}

/**
 * Merges sources by time, at the same time by their order in the list; events of one source keep theirs. Yields batches, each
 * event with the number of its source. Only what a source has handed over and the merge has not yet passed is held.
 */
export async function* merge(sources: readonly EventSource[]): AsyncGenerator<readonly Merged[]> {
  const heads: Head[] = [];
  for (const [index, source] of sources.entries()) heads.push({ source, index, events: [], next: 0 });
  let open = heads;
  while (open.length > 0) {
    for (const head of open) if (head.next === head.events.length) await refill(head);
    open = open.filter((head) => head.events.length > 0);
    const batch = drain(open);
    if (batch.length > 0) yield batch;
  }
}

export interface Merged {
  readonly event: MarketEvent;
  readonly source: number;
}

interface Head {
  readonly source: EventSource;
  readonly index: number;
  events: readonly MarketEvent[];
  next: number;
}

async function refill(head: Head): Promise<void> {
  head.events = (await head.source.next()) ?? [];
  head.next = 0;
}

/** Everything up to the first source that has nothing left: what it holds next is not known yet. */
function drain(heads: readonly Head[]): Merged[] {
  const batch: Merged[] = [];
  while (heads.length > 0) {
    let first = heads[0] as Head;
    for (const head of heads) if (timeOf(head) < timeOf(first)) first = head;
    batch.push({ event: first.events[first.next++] as MarketEvent, source: first.index });
    if (first.next === first.events.length) break;
  }
  return batch;
}

function timeOf(head: Head): number {
  return (head.events[head.next] as MarketEvent).timeMs;
}
