// A halt of level 3 through the whole platform: what is held is closed, by permitted orders of the epoch that the halt began.

import { fromBinary } from "@bufbuild/protobuf";
import { type Fill, type OrderAccepted, OrderIntentSchema } from "@countersign/contracts";
import { type Embedded, type Heard, VALIDATORS } from "@countersign/platform";
import { expect, it } from "vitest";
import { runDayInMemory } from "./support/day.ts";

const held = ({ validators }: Embedded) =>
  [...(validators[0]?.ledgerView().accounts.values() ?? [])].flatMap(({ book }) =>
    Object.values(book.positions).flatMap(({ symbol, quantity }) => (quantity.units === 0n ? [] : [symbol])),
  );

it("leaves nothing held, and nothing else trades from then on", async () => {
  const heard: Heard[] = [];
  let before: readonly string[] = [];
  let from = 0;
  const hooks = {
    onRecord: (one: Heard) => void heard.push(one),
    async beforeEvent(embedded: Embedded) {
      const { scheduler, person } = embedded;
      // Once the stock and its hedge are held.
      if (before.length > 0 || held(embedded).length < 2) return;
      before = held(embedded);
      from = heard.length;
      await scheduler.step(scheduler.nowMs(), async () => {
        const { answers } = await person.halt(3, "all", "enough", ["policy", "execution", ...VALIDATORS]);
        expect(answers.every(({ latched }) => latched)).toBe(true);
      });
    },
  };
  await runDayInMemory({ from: "2015-06-01", to: "2015-08-31", hooks }, async ({ embedded }) => {
    expect(before).toEqual(["AAPL", "SPX"]);
    expect(held(embedded)).toEqual([]);
    expect(embedded.fence.state().halts).toMatchObject([{ level: 3 }]);
  });
  const after = heard.slice(from);
  const accepted = after
    .filter(({ body }) => body.type === "order.accepted")
    .map(({ payload }) => payload as OrderAccepted);
  const intents = accepted.map(({ intent }) => fromBinary(OrderIntentSchema, intent ?? new Uint8Array()));
  expect(intents.length).toBeGreaterThanOrEqual(2);
  expect(intents.every(({ reduceOnly }) => reduceOnly)).toBe(true);
  const fills = after.filter(({ body }) => body.type === "order.filled").map(({ payload }) => payload as Fill);
  expect(new Set(fills.map(({ symbol }) => symbol))).toEqual(new Set(["AAPL", "SPX"]));
});
