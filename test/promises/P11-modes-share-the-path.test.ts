/**
 * P11 Modes share the path.
 *
 * Replay, paper, shadow and live differ in the venue adapter alone; shadow holds no credentials and no route.
 */
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ExecutionConfig, makeExecution } from "@countersign/agent-execution";
import { type Fill, Mode, type OrderAccepted, type OrderReported, Side, TimeInForce } from "@countersign/contracts";
import type { Mode as ModeName } from "@countersign/orders";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { Rig } from "../../agents/execution/test/rig.ts";
import { cancelCommand, config, intentOf, quote, submitCommand, submitOf } from "../../agents/execution/test/world.ts";
import { checkShadow } from "../../platform/src/processes/cluster.ts";
import { root } from "../../scripts/run.ts";

type Venue = ExecutionConfig["venue"];

const dir = mkdtempSync(join(tmpdir(), "countersign-p11-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let records = 0;
const venues = (): Readonly<Record<string, Venue>> => ({
  "in-process": { name: "paper", latencyMs: 0, session: "s1" },
  network: {
    kind: "network",
    name: "paper",
    url: "http://127.0.0.1:1",
    apiKey: () => "k",
    session: "s1",
    earlierForMs: 0,
  },
  shadow: {
    kind: "shadow",
    name: "paper",
    dir: join(dir, `${++records}`),
    latencyMs: 0,
    session: "s1",
    note: () => {},
  },
});

describe("the adapter", () => {
  const allowed: Readonly<Record<ModeName, readonly string[]>> = {
    replay: ["in-process"],
    paper: ["in-process", "network"],
    shadow: ["shadow"],
    live: [],
  };
  for (const [mode, kinds] of Object.entries(allowed) as [ModeName, readonly string[]][])
    for (const [kind, venue] of Object.entries(venues()))
      it(`P11.venue: in ${mode} Execution trades at a venue that is ${kind}: ${kinds.includes(kind)}`, () => {
        const made = () => makeExecution({ ...config, mode, venue });
        if (kinds.includes(kind)) expect(made).not.toThrow();
        else expect(made).toThrow(expect.objectContaining({ code: "NO_VENUE_FOR_MODE" }));
      });

  it("is all that differs: the same orders, cancels and quotes end alike in replay, on paper and in shadow", () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 40 }), (day) => {
        const [replayed, paper, shadow] = [
          outcome("replay", venues()["in-process"]!, day),
          outcome("paper", venues()["in-process"]!, day),
          outcome("shadow", venues().shadow!, day),
        ];
        expect(paper).toEqual(replayed);
        expect(shadow).toEqual(replayed);
      }),
      { numRuns: 200 },
    );
  });

  it("of shadow holds what it held, when its process is killed before a quote", () => {
    const killedAt = fc.array(fc.nat(39), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 40 }), killedAt, (day, kills) => {
        expect(outcome("shadow", venues().shadow!, day, kills)).toEqual(outcome("shadow", venues().shadow!, day));
      }),
      { numRuns: 200 },
    );
  });
});

describe("a shadow cluster", () => {
  const spec = { mode: "shadow" } as Parameters<typeof checkShadow>[0];
  const postgres = "postgres://127.0.0.1/x";

  it("starts without a venue's key and address", () => {
    expect(() => checkShadow(spec, { postgres })).not.toThrow();
  });

  it.each([{ venueKey: "k" }, { dropCopyKeys: { "validator-1": "k" } }])(
    "P11.credentials: no process of it starts beside %j",
    (keys) => {
      expect(() => checkShadow(spec, { postgres, ...keys })).toThrow(
        expect.objectContaining({ code: "BAD_OPTION", message: expect.stringContaining("secrets.json") }),
      );
    },
  );

  it("P11.route: no process of it starts beside the address of a venue", () => {
    expect(() => checkShadow({ ...spec, venue: "127.0.0.1:1" }, { postgres })).toThrow(
      expect.objectContaining({ code: "BAD_OPTION", message: expect.stringContaining("cluster.json") }),
    );
  });
});

describe("everybody else", () => {
  it("knows no other mode than a replay, whose clock is the trace's", () => {
    const named = /["'`](shadow|live)["'`]|\bMode\.(PAPER|SHADOW|LIVE)\b/;
    const sources = globSync(["{agents,packages,venues}/*/{,src/**/}*.ts", "platform/src/**/*.ts"], { cwd: root });
    const files = sources.filter((file) => !/\.test\.ts$|node_modules|\/gen\/|\/testing/.test(file));
    expect(files.length).toBeGreaterThan(200);
    expect(files.filter((file) => named.test(readFileSync(join(root, file), "utf8"))).toSorted()).toEqual([
      "agents/execution/src/main.ts", // which adapter
      "packages/orders/src/words.ts", // the words themselves
      "packages/quorum/src/genesis.ts", // how many persons open trading
      "platform/src/agents.ts", // the same words, of envelopes
      "platform/src/processes/agent.ts", // where Execution's adapter is
      "platform/src/processes/cluster-schema.ts", // which a folder may name
      "platform/src/processes/cluster.ts", // no credentials and no route
      "platform/src/processes/found.ts", // which processes there are
    ]);
  });
});

// ── a day ──

type Happening =
  | { readonly kind: "quote"; readonly bid: number; readonly spread: number; readonly size: number }
  | {
      readonly kind: "order";
      readonly n: number;
      readonly buys: boolean;
      readonly units: number;
      readonly cents: number;
      readonly ioc: boolean;
    }
  | { readonly kind: "cancel"; readonly n: number };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("quote" as const),
      bid: fc.integer({ min: 18_800, max: 19_200 }),
      spread: fc.integer({ min: 1, max: 30 }),
      size: fc.integer({ min: 1, max: 200 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("order" as const),
      n: fc.nat(9),
      buys: fc.boolean(),
      units: fc.integer({ min: 1, max: 300 }),
      cents: fc.integer({ min: 18_700, max: 19_300 }),
      ioc: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), n: fc.nat(9) }) },
);

const wire = { replay: Mode.REPLAY, paper: Mode.PAPER, shadow: Mode.SHADOW } as const;

/** What was said of every order, and what is held at the end. */
function outcome(mode: keyof typeof wire, venue: Venue, day: readonly Happening[], kills: readonly number[] = []) {
  const rig = new Rig({ mode, venue });
  let lives = 1;
  rig.quote(quote("AAPL", 19_000, 19_010));
  for (const [at, happened] of day.entries()) {
    // The next process takes no order before it has seen a price.
    if (happened.kind === "quote" && kills.includes(at)) rig.restart(`s${++lives}`);
    rig.nowMs += 10;
    if (happened.kind === "quote")
      rig.quote(quote("AAPL", happened.bid, happened.bid + happened.spread, happened.size, rig.nowMs));
    if (happened.kind === "order") rig.decide(submitCommand(submitOf(intentIn(mode, happened))));
    if (happened.kind === "cancel") rig.decide(cancelCommand(`order ${happened.n}`));
    rig.settle();
  }
  return {
    said: rig.published.flatMap(({ type, payload }) => sentence(type, payload) ?? []),
    held: rig.execution.edge.tick().map(({ data }) => data),
    alerts: rig.alerts,
  };
}

function intentIn(mode: keyof typeof wire, { n, buys, units, cents, ioc }: Extract<Happening, { kind: "order" }>) {
  return intentOf({
    intentKey: `order ${n}`,
    mode: wire[mode],
    side: buys ? Side.BUY : Side.SELL,
    quantity: { units: BigInt(units), scale: 0 },
    limitPrice: { units: BigInt(cents), scale: 2 },
    timeInForce: ioc ? TimeInForce.IOC : TimeInForce.GTC,
  });
}

/** An order's fate, without the names that each venue gives. */
function sentence(type: string, payload: unknown): readonly unknown[] | undefined {
  if (type === "order.accepted") return ["accepted", (payload as OrderAccepted).intentKey];
  if (type === "order.reported") {
    const { intentKey, status, code, place } = payload as OrderReported;
    return ["reported", intentKey, status, code, place];
  }
  if (type === "order.filled") {
    const { intentKey, lastQty, lastPx, commission } = payload as Fill;
    return ["filled", intentKey, lastQty?.units, lastPx?.units, commission?.units];
  }
  return undefined;
}
