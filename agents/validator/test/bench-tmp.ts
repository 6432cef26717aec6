import { openCounts } from "@countersign/envelope";
import { fillOf, fillsOf, orderOf, World } from "./world.ts";

const world = await new World().open();
const quote = world.quote(100_00n, 100_01n);
const N = 400;
const contents = Array.from({ length: N }, (_, n) => {
  const { submit, intent } = orderOf(`o${n}`, {
    intent: { quantity: { $typeName: "countersign.v1.Quantity", units: 1n, scale: 0 } },
  });
  return fillsOf(
    [fillOf(intent, `e${n}`, quote, { lastQty: { $typeName: "countersign.v1.Quantity", units: 1n, scale: 0 } })],
    [submit],
    { units: 100_00n, quote },
  );
});
const c0 = openCounts();
const t0 = performance.now();
const u0 = process.cpuUsage();
for (const c of contents) await world.accept(c, "execution");
const u = process.cpuUsage(u0);
console.log(
  ((performance.now() - t0) / N).toFixed(2),
  "ms per entry, cpu",
  ((u.user + u.system) / 1000 / N).toFixed(2),
);
const c1 = openCounts();
console.log((c1.opened - c0.opened) / N, (c1.verified - c0.verified) / N);
