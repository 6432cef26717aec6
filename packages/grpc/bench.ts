/** Calls a second and their latency over loopback, 1 KB envelopes both ways: `node packages/grpc/bench.ts`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { GrpcRpc } from "./src/index.ts";

const CALL = "PolicyService.Validate";
const WARM_UP = 3_000;
const CALLS = 20_000;
const envelope = new Uint8Array(1_024).fill(7);

if (process.argv[2] === "serve") await serve();
else await measure();

async function serve(): Promise<void> {
  const rpc = new GrpcRpc({ listen: "127.0.0.1:0", servers: {} });
  rpc.serve(CALL, "policy", async (request) => request);
  console.log(await rpc.listen());
  process.stdin.on("end", () => rpc.close(0)).resume();
}

async function measure(): Promise<void> {
  const server = spawn(process.execPath, [import.meta.filename, "serve"], { stdio: ["pipe", "pipe", "inherit"] });
  const [address]: string[] = await once(createInterface(server.stdout), "line");
  const rpc = new GrpcRpc({ servers: { policy: [address ?? ""] } });
  await run(rpc, 32, WARM_UP);
  for (const concurrency of [1, 32]) {
    const { perSecond, p50, p99 } = await run(rpc, concurrency, CALLS);
    console.log(`concurrency ${concurrency}: ${perSecond} calls/s, p50 ${p50} ms, p99 ${p99} ms`);
  }
  await rpc.close(0);
  server.stdin.end();
  await once(server, "exit");
}

async function run(rpc: GrpcRpc, concurrency: number, calls: number) {
  const latencies: number[] = [];
  let left = calls;
  const caller = async () => {
    while (left-- > 0) {
      const before = performance.now();
      await rpc.call(CALL, "policy", envelope, { deadlineMs: 5_000 });
      latencies.push(performance.now() - before);
    }
  };
  const before = performance.now();
  await Promise.all(Array.from({ length: concurrency }, caller));
  const perSecond = Math.round((calls / (performance.now() - before)) * 1_000);
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
  return { perSecond, p50: at(0.5), p99: at(0.99) };
}
