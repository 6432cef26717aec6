/** Looks at a venue whose reports, answers and breaks come in any order; and at the real one. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { DecisionMade } from "@countersign/contracts";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ModelVenue } from "../../../test/model-venue.ts";
import { NetScene } from "../../../test/net-scene.ts";
import { LOOKS_MAX } from "../../core/looked.ts";

const verbs = [
  ...["place", "trade", "cancel", "stream", "stream", "acknowledge", "repeat"],
  ...["look", "look", "answer", "answer", "drop", "up"],
] as const;
type Step = readonly [verb: (typeof verbs)[number], nth: number];
const steps = fc.array(fc.tuple(fc.constantFrom(...verbs), fc.nat(60)), { minLength: 20, maxLength: 120 });

async function run(venue: ModelVenue, [verb, nth]: Step): Promise<void> {
  if (verb === "place") venue.place();
  if (verb === "trade") venue.trade(nth, 1 + nth);
  if (verb === "cancel") venue.cancel(nth);
  if (verb === "stream") venue.stream();
  if (verb === "repeat") venue.repeat(nth);
  if (verb === "acknowledge") venue.acknowledge();
  if (verb === "look" && venue.isUp) venue.looks.look();
  if (verb === "answer") await venue.answer();
  if (verb === "drop") venue.drop();
  if (verb === "up") venue.up();
}

/** Everything that is on its way arrives. */
async function calm(venue: ModelVenue): Promise<void> {
  venue.up();
  while (venue.answers.length > 0) venue.acknowledge();
  while (venue.streamed < venue.reports.length) venue.stream();
  while (venue.questions.length > 0) await venue.answer();
}

describe("any interleaving of reports, answers and breaks", () => {
  it("is no drift: what is on its way is on neither side", async () => {
    let looks = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const venue = new ModelVenue();
        for (const step of all) {
          await run(venue, step);
          expect([venue.rig.state.closed, venue.rig.state.differing, venue.rig.alerts]).toEqual([[], undefined, []]);
        }
        looks += venue.taken;
      }),
      { numRuns: 300 },
    );
    // Else it would hold of looks that never come to anything.
    expect(looks).toBeGreaterThan(100);
  });

  it("hides no difference: one share too many closes the account after so many looks, whatever is traded meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(-7, -1, 1, 3), async (all, shares) => {
        const venue = new ModelVenue();
        for (const step of all) await run(venue, step);
        await calm(venue);
        venue.planted = shares;
        const before = venue.taken;
        while (venue.taken < before + LOOKS_MAX) {
          expect(venue.rig.state.closed).toEqual([]);
          venue.place();
          venue.trade(0, 5);
          await calm(venue);
          venue.looks.look();
          await calm(venue);
        }
        expect(venue.rig.state.closed).toMatchObject([{ code: "POSITION_DRIFT" }]);
      }),
      { numRuns: 100 },
    );
  });

  it("opens the stream anew when it does not bring what the account names", async () => {
    const venue = new ModelVenue();
    venue.place();
    venue.looks.look();
    await venue.answer();
    await venue.answer();
    for (const machineMs of [0, 2_999]) {
      venue.machineMs = machineMs;
      venue.looks.look();
      expect(venue.isUp).toBe(true);
    }
    venue.machineMs = 3_000;
    venue.looks.look();
    expect(venue.isUp).toBe(false);
    venue.up();
    venue.looks.look();
    await calm(venue);
    expect([venue.taken, venue.rig.state.closed]).toEqual([1, []]);
  });
});

describe("the real exchange", () => {
  let scene: NetScene;
  beforeEach(async () => {
    scene = await NetScene.open();
    await scene.ready();
  });
  afterEach(() => scene.close());

  const taken = () => scene.rig.execution.reconciliation().looks;
  /** So many looks, each when the one before has been taken. */
  async function look(count: number): Promise<void> {
    const end = taken() + count;
    await scene.until(() => {
      scene.rig.execution.edge.tick();
      return taken() >= end;
    });
  }

  /** In the test's hand alone: a trade of the exchange's record, as if it had been another; the exchange begins again over it. */
  async function alter(change: (line: string) => string): Promise<void> {
    await scene.exchange.kill();
    const file = join(scene.dir, "record.jsonl");
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
    const altered = lines.map((line) => {
      const json = change(line.slice(9));
      return `${crc32(json).toString(16).padStart(8, "0")} ${json}\n`;
    });
    writeFileSync(file, altered.join(""));
    await scene.restartExchange();
    await scene.ready();
  }

  async function bought(shares: string): Promise<void> {
    const id = scene.submit("one");
    await scene.until(() => scene.outcomes(id).includes("NEW"));
    scene.exchange.quote("AAPL", "189.70", "189.80", shares);
    await scene.until(() => scene.fills.length === 1);
  }

  it("says the same as the book, through its own restart and ours, and nothing is written for it", async () => {
    await bought("40");
    await look(2);
    await scene.restartExchange();
    await scene.ready();
    await look(2);
    scene.restartExecution();
    await scene.ready();
    const before = scene.rig.state;
    await look(2);
    expect(scene.rig.state).toBe(before);
    expect(scene.rig.execution.reconciliation()).toMatchObject({
      looks: 2,
      ageSeconds: expect.any(Number),
      findings: { drift: 0, "unknown-fill": 0, "orphan-order": 0, "missing-order": 0, ambiguous: 0 },
    });
  });

  it("a position that is another at the venue closes the account by name, with both figures on record", async () => {
    await bought("40");
    await alter((json) => json.replace('"lastQty":"40"', '"lastQty":"41"'));
    expect(scene.rig.state.closed).toEqual([]);
    await look(LOOKS_MAX);
    const [closed] = scene.rig.state.closed;
    expect(closed?.code).toBe("POSITION_DRIFT");
    expect(scene.rig.alerts).toEqual(["POSITION_DRIFT"]);
    expect(scene.rig.said<DecisionMade>("decision.made").at(-1)).toMatchObject({
      subject: closed?.haltId,
      decision: "CLOSE",
      explanation: expect.stringContaining("position AAPL: 40 here, 41 at the venue"),
    });
    expect(scene.outcomes(scene.submit("two"))).toEqual(["REJECTED ACCOUNT_CLOSED"]);
    expect(scene.rig.execution.reconciliation().findings.drift).toBeGreaterThanOrEqual(LOOKS_MAX);
  });

  it("a commission that is another closes it too: CASH_DRIFT", async () => {
    await bought("40");
    await alter((json) => json.replace('"commission":"0.20"', '"commission":"0.21"'));
    await look(LOOKS_MAX);
    expect(scene.rig.state.closed).toMatchObject([
      { code: "CASH_DRIFT", text: "in 3 looks: cash USD: -7592.20 here, -7592.21 at the venue" },
    ]);
  });
});
