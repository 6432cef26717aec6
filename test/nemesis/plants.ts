/** Histories that a broken quorum would leave, each made from a good one: the checker has to find them by name. */
import type { Event } from "./history.ts";

export const plants = {
  /** A reader was shown another entry. */
  fork: (history) => {
    const at = history.findLastIndex((event) => event.kind === "read" && event.entries.length > 0);
    return replaced(history, at, (event) =>
      event.kind === "read"
        ? { ...event, entries: event.entries.map((entry) => ({ ...entry, digest: "f0".repeat(32) })) }
        : event,
    );
  },
  /** A halt that was latched never came into the log. */
  "forget-halt": (history) => {
    const known = history.find((event) => event.kind === "halt" && event.latchedBy.length > 0);
    return history.map((event) =>
      event.kind === "final" && known?.kind === "halt"
        ? {
            ...event,
            entries: event.entries.map((entry) => ({
              ...entry,
              haltIds: entry.haltIds.filter((id) => id !== known.haltId),
            })),
          }
        : event,
    );
  },
  /** A gate went on in an epoch that had ended. */
  "old-epoch": (history) => {
    const [first, ended] = [
      history.find(isOrder),
      Math.max(...history.map((event) => ("toMs" in event ? event.toMs : 0))),
    ];
    return first === undefined ? history : [...history, { ...first, atMs: ended }];
  },
} satisfies Record<string, (history: readonly Event[]) => readonly Event[]>;

const isOrder = (event: Event) => event.kind === "order";

function replaced(history: readonly Event[], at: number, change: (event: Event) => Event): readonly Event[] {
  return history.map((event, n) => (n === at ? change(event) : event));
}
