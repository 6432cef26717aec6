/**
 * A position that the venue holds and nobody here has traded, through the whole platform: Execution closes the account, Policy and the
 * quorum make it a halt, nothing trades, and a certified resume opens it again. The venue's own tally is altered in this test's hand.
 */
import type { DecisionMade } from "@countersign/contracts";
import { add, quantity } from "@countersign/orders";
import { type Embedded, type Heard, VALIDATORS } from "@countersign/platform";
import { Tally } from "@countersign/venue-paper";
import { afterEach, expect, it, vi } from "vitest";
import { runDayInMemory } from "./support/day.ts";

afterEach(() => vi.restoreAllMocks());

/** The tally of the venue, caught when it counts its first trade. */
function catchTally(): () => Tally | undefined {
  let caught: Tally | undefined;
  const { trade } = Tally.prototype;
  vi.spyOn(Tally.prototype, "trade").mockImplementation(function (this: Tally, one) {
    caught = this;
    trade.call(this, one);
  });
  return () => caught;
}

const DAY_MS = 86_400_000;

it("closes the account by name, is a halt of the control log, and opens with a resume that names it", async () => {
  const tally = catchTally();
  const heard: Heard[] = [];
  const alerts: string[] = [];
  const fills = () => heard.filter(({ body }) => body.type === "order.filled").length;
  const shift = (shares: bigint) => {
    const { positions } = tally()!;
    positions.set("AAPL", add(positions.get("AAPL")!, quantity(shares, 0)));
  };
  let isPlanted = false;
  let halted: { readonly atMs: number; readonly fills: number } | undefined;
  let resumedAt: number | undefined;
  const hooks = {
    onRecord: (one: Heard) => void heard.push(one),
    onAlert: (agent: string, code: string) => void alerts.push(`${agent} ${code}`),
    async beforeEvent({ fence, person, scheduler }: Embedded) {
      const { halts, epoch } = fence.state();
      const nowMs = scheduler.nowMs();
      if (!isPlanted && tally()?.positions.has("AAPL")) {
        isPlanted = true;
        shift(1n);
      }
      if (halted === undefined && isPlanted && halts.length > 0) {
        expect(halts).toMatchObject([{ level: 1, scope: { kind: "account", id: "main" } }]);
        halted = { atMs: nowMs, fills: fills() };
      }
      if (halted === undefined || resumedAt !== undefined || nowMs < halted.atMs + 60 * DAY_MS) return;
      resumedAt = fills();
      shift(-1n);
      const ids = halts.map(({ id }) => id);
      const reason = "the venue has corrected it";
      const word = person.signResume(ids, reason, epoch);
      await scheduler.step(nowMs, async () => {
        expect((await person.resume(ids, reason, [word], VALIDATORS[0])).code).toBeUndefined();
      });
    },
  };
  await runDayInMemory({ from: "2015-06-01", to: "2016-03-31", hooks }, async ({ embedded }) => {
    expect(embedded.fence.state().halts).toEqual([]);
  });
  expect(alerts.filter((one) => /DRIFT|BOOK_DIFFERS/.test(one))).toEqual([
    "execution POSITION_DRIFT",
    "policy BOOK_DIFFERS",
  ]);
  const closings = heard
    .flatMap(({ body, payload }) => (body.type === "decision.made" ? [payload as DecisionMade] : []))
    .filter(({ decision }) => decision === "CLOSE");
  expect(closings).toMatchObject([
    {
      explanation: expect.stringMatching(/^POSITION_DRIFT in 3 looks: position AAPL: -?\d+ here, -?\d+ at the venue$/),
    },
  ]);
  // Two months without a trade, and then they go on.
  expect(resumedAt).toBe(halted?.fills);
  expect(fills()).toBeGreaterThan(resumedAt ?? Number.POSITIVE_INFINITY);
});
