import { describe, expect, it } from "vitest";
import { OrderTraces } from "./order-traces.ts";

const cause = { msgId: "m", correlationId: "the order's" };
const report = (...clientOrderIds: string[]) => ({
  id: "1",
  name: "reports",
  data: { reports: clientOrderIds.map((clientOrderId) => ({ clientOrderId })) },
});

describe("OrderTraces", () => {
  it("puts what the venue says of an order into the order's trace", () => {
    const traces = new OrderTraces();
    const acted: string[] = [];
    const edge = traces.around({
      act: (name) => {
        acted.push(name);
        return [report("a")];
      },
    });
    const [own] = edge.act?.("send", { order: { clientOrderId: "a" } }, cause) ?? [];
    expect([acted, own?.correlationId]).toEqual([["send"], "the order's"]);
    expect(traces.place(report("unknown", "a")).correlationId).toBe("the order's");
    expect(traces.place(report("unknown")).correlationId).toBeUndefined();
    expect(traces.place({ id: "2", name: "disconnected", data: {} }).correlationId).toBeUndefined();
  });

  it("forgets the oldest", () => {
    const traces = new OrderTraces();
    const edge = traces.around({ act: () => [] });
    for (let n = 0; n <= 10_000; n++) edge.act?.("send", { order: { clientOrderId: `${n}` } }, cause);
    expect(traces.place(report("0")).correlationId).toBeUndefined();
    expect(traces.place(report("1")).correlationId).toBe("the order's");
  });
});
