/**
 * One replica as a process of its own: asks for tokens without a pause, 16 calls at a time, from "go" for as long as it is told, and
 * prints how many it was allowed.
 */
import { once } from "node:events";
import { openUp } from "./open.ts";

const [url = "", platform = "", perSecond, burst, forMs] = process.argv.slice(2);
const rateLimit = { scope: "test", perSecond: Number(perSecond), burst: Number(burst), replicas: 2 };
const cache = await openUp({ url, platform, rateLimit });
console.log("ready");
await once(process.stdin, "data");

const endMs = performance.now() + Number(forMs);
let allowed = 0;
await Promise.all(
  Array.from({ length: 16 }, async () => {
    while (performance.now() < endMs) if ((await cache.rateLimit.take("portfolio")).allowed) allowed++;
  }),
);
console.log(JSON.stringify({ allowed, ...cache.counts() }));
await cache.close();
process.stdin.destroy();
