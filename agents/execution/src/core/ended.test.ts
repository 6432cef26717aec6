import { create } from "@bufbuild/protobuf";
import { ProposeResponseSchema, TimeInForce } from "@countersign/contracts";
import { encodeJson } from "@countersign/runtime";
import { describe, expect, it } from "vitest";
import { Rig } from "../../test/rig.ts";
import { intentOf, permitFor, quote, submitCommand, submitOf } from "../../test/world.ts";

describe("the state", () => {
  it("does not grow with the number of orders: 300 a second are remembered as the last 32", () => {
    const rig = new Rig();
    rig.quote(quote("AAPL", 19_010, 19_020));
    const sizes: number[] = [];
    for (let n = 0; n < 600; n++) {
      rig.nowMs += 3;
      const intent = intentOf({ intentKey: `k${n}`, timeInForce: n % 2 === 0 ? TimeInForce.IOC : TimeInForce.GTC });
      const permit = permitFor(intent, { expiresAtMs: rig.nowMs + 1_000 });
      rig.decide(submitCommand(submitOf(intent, { permit })));
      rig.settle();
      rig.quote(quote("AAPL", 18_970, 18_980, n % 3 === 0 ? 50 : 5_000, rig.nowMs));
      rig.quote(quote("AAPL", 18_970, 18_980, 5_000, rig.nowMs));
      for (let call = rig.calls.shift(); call !== undefined; call = rig.calls.shift()) {
        const { id } = call;
        const payload = create(ProposeResponseSchema, { seq: BigInt(n) });
        rig.decide({ kind: "answer", id, type: "quorum.proposed", body: BODY, payload });
      }
      if (n % 200 === 199) {
        sizes.push(encodeJson({ ...rig.state, book: null }).length);
        expect(Object.keys(rig.state.orders)).toHaveLength(32);
      }
    }
    expect(rig.state.unbooked).toEqual([]);
    const [first = 0, , last = 0] = sizes;
    expect(last).toBeLessThan(first * 1.05);
    expect(last).toBeLessThan(90_000);
  });
});

const BODY = {
  ...{ msgId: "m", correlationId: "c", causationId: "", type: "quorum.proposed", version: "v1", topic: "", key: "" },
  ...{ intent: "", idempotencyKey: "", sender: "validator-1", sentAtMs: 0n, ttlMs: 0, payload: new Uint8Array(0) },
};
