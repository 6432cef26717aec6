import { it, expect } from "vitest";
import { Mode } from "@countersign/contracts";
import { intentOf } from "../../agents/execution/test/world.ts";
import { Floor } from "./support/p01-floor.ts";
it("x", async () => {
  const t0 = performance.now();
  const floor = await Floor.open();
  console.log("open", performance.now() - t0, floor.fence.state());
  const submit = await floor.permit(intentOf({ mode: Mode.REPLAY }));
  await floor.submit(submit);
  console.log(floor.heard.map((h) => `${h.sender} ${h.type}`));
  await floor.quote("AAPL", 18_980, 18_990);
  console.log(floor.heard.map((h) => `${h.sender} ${h.type}`).slice(-6), performance.now() - t0);
  const next = await floor.restart();
  console.log(next.fence.state(), Object.keys((await next.policyState()).book.positions));
  console.log(performance.now() - t0);
});
