import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import type { Event, FinalEntry } from "./history.ts";
import { plants } from "./plants.ts";

const digest = (name: string) => Buffer.from(name.padEnd(32)).toString("hex");
const place = (seq: number) => ({ seq: String(seq), digest: digest(`entry ${seq}`) });
const append = (seq: number, fromMs: number, toMs: number, log: "control" | "ledger" = "ledger"): Event => ({
  ...{ kind: "append", log, opId: `${log} ${seq}`, fromMs, toMs },
  ...place(seq),
});
const read = (seq: number, fromMs: number, toMs: number, log: "control" | "ledger" = "ledger"): Event => ({
  ...{ kind: "read", validator: "validator-1", log, fromMs, toMs },
  ...place(seq),
  entries: [place(seq)],
});
const order = (epoch: number, atMs: number): Event => ({ kind: "order", epoch: String(epoch), atMs });
const control = (seq: number, epoch: number, isOpen: boolean, ...haltIds: string[]): FinalEntry => ({
  ...{ ...place(seq), opIds: [`control ${seq}`], haltIds },
  ...{ epoch: String(epoch), isOpen },
});
const asked = (opId: string): Event => ({ kind: "asked", opId });

/** Opened in epoch 1, halted in 2, opened again in 3; three entries in the ledger. */
const good: readonly Event[] = [
  ...[1, 2, 3].map((seq) => asked(`ledger ${seq}`)),
  ...[1, 2, 3, 4].map((seq) => asked(`control ${seq}`)),
  append(1, 0, 10, "control"),
  append(2, 20, 30, "control"),
  append(1, 40, 60),
  read(1, 50, 70),
  append(2, 80, 100),
  read(1, 90, 95),
  order(1, 5_000),
  { kind: "halt", haltId: "drill", fromMs: 6_000, toMs: 6_100, latchedBy: ["validator-2"] },
  read(3, 6_200, 6_300, "control"),
  order(1, 9_000),
  append(4, 9_500, 9_600, "control"),
  order(3, 9_700),
  append(3, 9_800, 9_900),
  ...["validator-1", "validator-2"].flatMap((validator): Event[] => [
    {
      ...{ kind: "final", validator, log: "control" },
      entries: [control(1, 0, false), control(2, 1, true), control(3, 2, false, "drill"), control(4, 3, true)],
    },
    {
      ...{ kind: "final", validator, log: "ledger" },
      entries: [1, 2, 3].map((seq) => ({ ...place(seq), opIds: [`ledger ${seq}`], haltIds: [] })),
    },
  ]),
];

const namesOf = (history: readonly Event[]) => [...new Set(check(history).map(({ check: name }) => name))];
const changed = (change: (event: Event) => Event) => good.map(change);
const finalLedger = (entries: (known: readonly FinalEntry[]) => readonly FinalEntry[]) =>
  changed((event) =>
    event.kind === "final" && event.log === "ledger" ? { ...event, entries: entries(event.entries) } : event,
  );

describe("the checker of histories", () => {
  it("finds nothing in a good one", () => {
    expect(check(good)).toEqual([]);
  });

  it.each<[string, readonly Event[]]>([
    ["lost", finalLedger((entries) => entries.slice(0, 2))],
    ["fork", [...good, { ...read(3, 9_950, 9_960), entries: [{ seq: "2", digest: digest("another") }] } as Event]],
    ["fork", finalLedger((entries) => entries.map((entry) => ({ ...entry, digest: digest(`other ${entry.seq}`) })))],
    ["stale", [...good, read(1, 9_950, 9_960)]],
    ["stale", [...good, asked("late"), append(1, 9_950, 9_960)]],
    ["twice", finalLedger((entries) => entries.map((entry) => ({ ...entry, opIds: ["ledger 1"] })))],
    [
      "unasked",
      finalLedger((entries) => entries.map((entry) => ({ ...entry, opIds: [...entry.opIds, `x ${entry.seq}`] }))),
    ],
    ["forget-halt", [...good, { kind: "halt", haltId: "lost", fromMs: 0, toMs: 1, latchedBy: ["validator-3"] }]],
    ["old-epoch", [...good, order(1, 9_301)]],
    ["closed", [...good, order(2, 8_000)]],
  ])("finds %s by name", (name, history) => {
    expect(namesOf(history)).toEqual([name]);
  });

  it("asks nothing of who was not acknowledged, and of a halt that nobody has latched", () => {
    const more: readonly Event[] = [
      asked("never"),
      { kind: "halt", haltId: "unheard", fromMs: 0, toMs: 1, latchedBy: [] },
    ];
    expect(check([...good, ...more])).toEqual([]);
  });

  it.each(Object.entries(plants))("finds what is planted as %s", (name, plant) => {
    expect(namesOf(plant(good))).toContain(name);
  });
});
