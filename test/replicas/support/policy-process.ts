/**
 * One replica of the real Policy as a process of its own, over one schema with the others: `URL SCHEMA IP PORT HEALTH_PORT DRAIN_MS`. It
 * serves by gRPC, says by HTTP whether it is ready, and ends on SIGTERM as every process of a cluster does.
 */
import { createServer } from "node:http";
import { Mode } from "@countersign/contracts";
import { GrpcRpc } from "@countersign/grpc";
import { openPool } from "@countersign/postgres";
import { Host, openPostgresStore } from "@countersign/runtime";
import { openFence } from "@countersign/runtime/testing";
import { makePolicy, signPermits } from "../../../agents/policy/src/index.ts";
import { START_MS, signer } from "../../../agents/policy/src/testing-world.ts";
import { endInOrder } from "../../../platform/src/processes/ending.ts";
import { fundedDesk, grantedRig, sealedQuotes, wideRules } from "./policies.ts";

const [url = "", schema = "", ip = "", port = "", healthPort = "", drainMs = ""] = process.argv.slice(2);
const told = new Promise<void>((resolve) => process.once("SIGTERM", () => resolve()));
const pool = openPool(url, { max: 4, applicationName: `policy ${ip}` });
const rpc = new GrpcRpc({ listen: `${ip}:${port}`, servers: {} });
const rig = await grantedRig(START_MS);
const host = new Host({
  agent: makePolicy(fundedDesk(wideRules).config),
  edge: signPermits(signer("permit")),
  fold: "together",
  signer: rig.signer("policy"),
  keys: rig.keys,
  mode: Mode.REPLAY,
  store: await openPostgresStore(pool, schema),
  bus: rig.bus,
  rpc,
  fence: { state: () => openFence, onChange: () => {} },
  loop: rig.scheduler,
});
await host.start();
for (const { bytes, body } of sealedQuotes(rig)) await rig.deliver(body.topic, body.key, bytes, body);
await rpc.listen();
let isReady = true;
createServer((_, response) => void response.writeHead(isReady ? 200 : 503).end()).listen(Number(healthPort), ip);
await told;
await endInOrder({
  drainMs: Number(drainMs),
  endsSoon() {
    isReady = false;
  },
  closeDoor: () => rpc.closeDoor(3_000),
  async close() {
    await host.close();
    await rpc.close(0);
    await pool.close();
  },
  tooLate: () => process.exit(1),
});
process.exit(0);
