import { parseMoney, parsePrice, parseQuantity } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { copied } from "../test/copies.ts";
import { fillOf, fillsOf, orderOf } from "../test/fills.ts";
import { timeMs } from "../test/world.ts";
import type { Copied } from "./core/drop-copy.ts";

async function scene(otherwise: Partial<Copied> | undefined = {}) {
  const { world, copies } = await copied();
  const quote = world.quote(100_00n, 100_01n);
  const { submit, intent } = orderOf("order");
  const fill = fillOf(intent, "7", quote);
  if (otherwise !== undefined) for (const copy of copies) copy.add(fill, otherwise);
  const propose = (to?: string) =>
    world.propose(fillsOf([fill], [submit], { units: 100_00n, quote }), "execution", to === undefined ? {} : { to });
  return { world, copies, fill, propose };
}

describe("a fill before validators with a drop copy", () => {
  it("is booked when the venue has it in the same words", async () => {
    expect(await (await scene()).propose()).toMatchObject({ seq: 2n });
  });

  it("is refused when the venue does not have it: NOT_IN_DROP_COPY", async () => {
    const { propose, copies } = await scene();
    for (const { has } of copies) has.clear();
    expect(await propose()).toMatchObject({ code: "NOT_IN_DROP_COPY", place: "validator", text: "7" });
  });

  it.each<readonly [field: string, otherwise: Partial<Copied>]>([
    ["clientOrderId", { clientOrderId: "another" }],
    ["symbol", { symbol: "MSFT" }],
    ["side", { side: "SELL" }],
    ["timeMs", { timeMs: timeMs + 1 }],
    ["quantity", { quantity: parseQuantity("99") }],
    ["price", { price: parsePrice("100.02") }],
    ["commission", { commission: parseMoney("1.01", "USD") }],
    ["commission", { commission: parseMoney("1.00", "EUR") }],
  ])("is refused when the venue has another %s: DROP_COPY_DIFFERS", async (field, otherwise) => {
    const { propose } = await scene(otherwise);
    expect(await propose()).toMatchObject({ code: "DROP_COPY_DIFFERS", text: expect.stringContaining(field) });
  });

  it("has the same figures with other scales", async () => {
    const { propose } = await scene({ quantity: parseQuantity("100.0"), price: parsePrice("100.010") });
    expect(await propose()).toMatchObject({ seq: 2n });
  });

  it("of another account than it has the copy of is in none", async () => {
    const { world, copies } = await scene();
    const quote = world.quote(100_00n, 100_01n);
    const { submit, intent } = orderOf("elsewhere", { intent: { venue: "other" } });
    const fill = fillOf(intent, "8", quote);
    for (const copy of copies) copy.add(fill);
    const content = fillsOf([fill], [submit], { units: 100_00n, quote });
    expect(await world.propose(content, "execution")).toMatchObject({ code: "NOT_IN_DROP_COPY" });
  });

  it("is booked by two, when the venue does not answer the third", async () => {
    const { propose, copies } = await scene();
    copies[1]!.isSilent = true;
    expect(await propose()).toMatchObject({ seq: 2n });
  });

  it("waits for a venue that answers nobody, and is no refusal; it is booked when the venue is back", async () => {
    const { propose, copies, world } = await scene();
    for (const copy of copies) copy.isSilent = true;
    expect(await propose()).toMatchObject({ code: "NO_QUORUM" });
    expect(world.published.filter(({ type }) => type === "decision.refused")).toMatchObject([
      { payload: { code: "NO_QUORUM" } },
    ]);
    for (const copy of copies) copy.isSilent = false;
    expect(await propose("validator-2")).toMatchObject({ seq: 2n });
  });

  it("is refused by one who knows better, though another is not told", async () => {
    const { propose, copies } = await scene();
    copies[0]!.isSilent = true;
    copies[1]!.has.clear();
    expect(await propose()).toMatchObject({ code: "NOT_IN_DROP_COPY" });
  });
});
