/**
 * Deposits that a person signs, proposed at a rate to one validator, on the clients' host of the nemesis' ground. A line on standard input,
 * `RATE SECONDS`, begins a round; a line of JSON on standard output is what came of it.
 */
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { Mode, ProposeResponseSchema } from "@countersign/contracts";
import { Keyring, openEnvelope } from "@countersign/envelope";
import { GrpcRpc } from "@countersign/grpc";
import { RpcError } from "@countersign/runtime";
import { type Content, deposit, genesisOf, resume, sealPropose } from "../../agents/validator/test/world.ts";
import { type Order, orderGiven, tlsOf, VALIDATORS } from "../nemesis/parties.ts";

/** What came of a round. */
export interface Round {
  /** Of those that were committed, ms from the proposal to its answer. */
  readonly delays: readonly number[];
  readonly entries: number;
  readonly unanswered: number;
  readonly tookS: number;
}

const TICK_MS = 2;
const CALL_MS = 5_000;

const order = orderGiven<Order>();
const rpc = new GrpcRpc({ servers: order.servers, tls: tlsOf(order) });
const genesis = genesisOf(Mode.PAPER);
const keys = new Keyring();
for (const grant of genesis.keys) keys.grant(grant);
let count = 0;

await insist({ case: "genesis", value: genesis }, "operator");
await insist(resume(["birth"], 0n), "operator");
console.log("ready");
const lines = createInterface({ input: process.stdin });
for await (const line of lines) {
  const [rate = 0, seconds = 0] = line.split(" ").map(Number);
  console.log(JSON.stringify(await round(rate, seconds)));
}
process.exit();

/** An open loop: proposals go out at their rate, whatever has been answered. Until the last is answered. */
async function round(rate: number, seconds: number): Promise<Round> {
  const delays: number[] = [];
  const seqs = new Set<bigint>();
  let unanswered = 0;
  const open: Promise<void>[] = [];
  const begun = performance.now();
  const one = async () => {
    const sentMs = performance.now();
    const seq = await propose(deposit(`bench ${count++}`, 1n), "person:ada");
    if (seq === undefined) unanswered++;
    else {
      delays.push(performance.now() - sentMs);
      seqs.add(seq);
    }
  };
  for (let sent = 0; sent < rate * seconds; await wait(TICK_MS)) {
    const due = Math.min(rate * seconds, ((performance.now() - begun) / 1_000) * rate);
    for (; sent < due; sent++) open.push(one());
  }
  await Promise.all(open);
  return { delays, entries: seqs.size, unanswered, tookS: (performance.now() - begun) / 1_000 };
}

/** Where it stands; undefined when nobody said so. */
async function propose(content: Content, sender: string): Promise<bigint | undefined> {
  try {
    const bytes = sealPropose(content, sender);
    const answer = await rpc.call("QuorumService.Propose", VALIDATORS[0], bytes, { deadlineMs: CALL_MS });
    const opened = openEnvelope(answer, keys);
    return opened.ok ? fromBinary(ProposeResponseSchema, opened.body.payload).seq : undefined;
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

async function insist(content: Content, sender: string): Promise<void> {
  while ((await propose(content, sender)) === undefined) await wait(100);
}
