/**
 * Those who use the quorum, in one process, whose one clock is the history's: depositors, one who halts and resumes, readers, a gate. They
 * go on until standard input ends; then all is well again, and they read both logs whole from each validator.
 */
import { createWriteStream } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  HaltRequestSchema,
  HaltResponseSchema,
  Mode,
  ProposeResponseSchema,
  ReadRequestSchema,
  type ReadResponse,
  ReadResponseSchema,
} from "@countersign/contracts";
import { Keyring, openEnvelope } from "@countersign/envelope";
import { GrpcRpc } from "@countersign/grpc";
import { Prng, uniform } from "@countersign/quant";
import {
  FenceReader,
  genesisDigest,
  type LogName,
  logToWire,
  opIdOf,
  peekPropose,
  readEntry,
} from "@countersign/quorum";
import { RpcError } from "@countersign/runtime";
import {
  type Content,
  deposit,
  genesisOf,
  haltRequest,
  requestBytes,
  resume,
  sealAs,
  sealPropose,
} from "../../agents/validator/test/world.ts";
import type { Event, FinalEntry } from "./history.ts";
import { type ClientsOrder, orderGiven, tlsOf, VALIDATORS } from "./parties.ts";

const DEPOSITORS = 4;
const CALL_MS = 3_000;

const order = orderGiven<ClientsOrder>();
const rpc = new GrpcRpc({ servers: order.servers, tls: tlsOf(order) });
const genesis = genesisOf(Mode.PAPER);
const keys = new Keyring();
for (const grant of genesis.keys) keys.grant(grant);
const fence = new FenceReader({ genesisDigest: genesisDigest(requestBytes({ case: "genesis", value: genesis })) });
const prng = new Prng(BigInt(order.seed));
const file = createWriteStream(order.history);
const tell = (event: Event) => file.write(`${JSON.stringify(event)}\n`);
const nowMs = () => performance.now();
let isOver = false;
let calls = 0;
process.stdin.on("close", () => {
  isOver = true;
});
process.stdin.resume();

await append({ case: "genesis", value: genesis }, "operator");
await append(resume(["birth"], 0n), "operator");
await append(deposit("first", 100_00n), "person:ada");
console.log("ready");
await Promise.all([
  ...Array.from({ length: DEPOSITORS }, (_, n) => depositor(n)),
  ...VALIDATORS.map((one) => reader(one)),
  halter(),
  gate(),
]);
for (const validator of VALIDATORS) for (const log of ["control", "ledger"] as const) tell(await whole(validator, log));
file.end(() => process.exit());

// ── those who write ──

async function depositor(n: number): Promise<void> {
  for (let count = 0; !isOver; count++) {
    await append(deposit(`${n} ${count}`, 1n), "person:ada");
    await wait(20);
  }
}

/** The same bytes, to one validator after the other, until one says where they stand. False: they were refused. */
async function append(content: Content, sender: string): Promise<boolean> {
  const opId = opIdOf({ content }) ?? "";
  const log = content.case === "deposit" ? "ledger" : "control";
  const bytes = sealPropose(content, sender);
  tell({ kind: "asked", opId });
  const fromMs = nowMs();
  for (let at = Math.floor(uniform(prng) * 3); ; at++) {
    const answer = await call("QuorumService.Propose", VALIDATORS[at % 3]!, bytes);
    const said = answer && fromBinary(ProposeResponseSchema, answer);
    if (said?.seq !== undefined && said.entryDigest !== undefined) {
      tell({ kind: "append", log, opId, fromMs, toMs: nowMs(), seq: String(said.seq), digest: hex(said.entryDigest) });
      return true;
    }
    if (said?.code !== undefined && said.code !== "NO_QUORUM") return false;
    await wait(50);
  }
}

/** Halts, and after a while resumes whatever is halted. */
async function halter(): Promise<void> {
  for (let count = 0; !isOver; count++) {
    await wait(2_000 + uniform(prng) * 3_000);
    const haltId = `halt ${count}`;
    const payload = haltRequest({ haltId, level: 1, scope: "all", reason: "a drill", by: "person:ada" });
    const bytes = sealAs(
      "person:ada",
      "halt.request",
      "HaltService.Halt",
      toBinary(HaltRequestSchema, payload),
      haltId,
    );
    tell({ kind: "asked", opId: opIdOf({ content: { case: "halt", value: payload.halt! } }) ?? "" });
    const fromMs = nowMs();
    const latchedBy: string[] = [];
    await Promise.all(
      VALIDATORS.map(async (validator) => {
        const answer = await call("HaltService.Halt", validator, bytes);
        if (answer !== undefined && fromBinary(HaltResponseSchema, answer).latched) latchedBy.push(validator);
      }),
    );
    tell({ kind: "halt", haltId, fromMs, toMs: nowMs(), latchedBy });
    await wait(1_000 + uniform(prng) * 2_000);
    while (!isOver && fence.state().halts.length > 0) {
      const { halts, epoch } = fence.state();
      const ids = halts.map(({ id }) => id);
      // Refused where another entry came in between: then once more, for what stands there now.
      const isResumed = await append(resume(ids, epoch), "operator");
      while (isResumed && !isOver && fence.state().epoch === epoch) await wait(100);
      await wait(100);
    }
  }
}

// ── those who read ──

async function reader(validator: string): Promise<void> {
  const after: Record<LogName, bigint> = { control: 0n, ledger: 0n };
  while (!isOver) {
    for (const log of ["control", "ledger"] as const) {
      const answer = await read(validator, log, after[log]);
      const last = answer?.entries.at(-1)?.entry;
      if (last !== undefined) after[log] = readEntry(last)?.seq ?? after[log];
    }
    await wait(50);
  }
}

async function read(validator: string, log: LogName, afterSeq: bigint): Promise<ReadResponse | undefined> {
  const payload = toBinary(ReadRequestSchema, create(ReadRequestSchema, { log: logToWire(log), afterSeq }));
  const bytes = sealAs("operator", "quorum.read-request", "QuorumService.Read", payload, `read ${calls++}`);
  const fromMs = nowMs();
  const answer = await call("QuorumService.Read", validator, bytes);
  if (answer === undefined) return undefined;
  const said = fromBinary(ReadResponseSchema, answer);
  const entries = said.entries.flatMap(({ entry }) => {
    const one = entry === undefined ? undefined : readEntry(entry);
    return one === undefined ? [] : [{ seq: String(one.seq), digest: hex(one.digest) }];
  });
  const head = { seq: String(said.headSeq ?? 0n), digest: hex(said.headDigest ?? new Uint8Array()) };
  tell({ kind: "read", validator, log, fromMs, toMs: nowMs(), ...head, entries });
  return said;
}

/** As a process of the platform has it: the control log from any validator, a lease, and no order without both. */
async function gate(): Promise<void> {
  const reading = (async () => {
    for (let at = 0; !isOver; at++) {
      const askedMs = nowMs();
      const answer = await read(VALIDATORS[at % 3]!, "control", fence.head.seq);
      for (const { entry, votes } of answer?.entries ?? []) if (entry !== undefined) fence.apply(entry, votes);
      const { headSeq, headDigest } = answer ?? {};
      if (headSeq !== undefined && headDigest !== undefined)
        fence.confirm({ seq: headSeq, digest: headDigest }, askedMs);
      await wait(200);
    }
  })();
  for (; !isOver; await wait(20)) {
    const { halts, epoch } = fence.state();
    if (halts.length === 0 && fence.isFresh(nowMs())) tell({ kind: "order", atMs: nowMs(), epoch: String(epoch) });
  }
  await reading;
}

/** One log to its end; what its fence becomes is found out by who reads it. */
async function whole(validator: string, log: LogName): Promise<Event> {
  const entries: FinalEntry[] = [];
  const own = new FenceReader({ genesisDigest: genesisDigest(requestBytes({ case: "genesis", value: genesis })) });
  for (;;) {
    const answer = await read(validator, log, BigInt(entries.length));
    for (const { entry: bytes, votes } of answer?.entries ?? []) {
      const entry = readEntry(bytes ?? new Uint8Array());
      if (entry === undefined) continue;
      const contents = entry.proposes.map((one) => peekPropose(one)?.request);
      if (log === "control") own.apply(entry.bytes, votes);
      const { epoch, halts } = own.state();
      entries.push({
        seq: String(entry.seq),
        digest: hex(entry.digest),
        opIds: contents.map((one) => one?.opId ?? ""),
        haltIds: contents.flatMap((one) => (one?.content.case === "halt" ? [one.content.value.haltId ?? ""] : [])),
        ...(log === "control" && { epoch: String(epoch), isOpen: halts.length === 0 }),
      });
    }
    if (answer !== undefined && BigInt(entries.length) >= (answer.headSeq ?? 0n))
      return { kind: "final", validator, log, entries };
    await wait(50);
  }
}

/** The payload of the answer; undefined when none came, or none that is authentic. */
async function call(method: string, server: string, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    const opened = openEnvelope(await rpc.call(method, server, bytes, { deadlineMs: CALL_MS }), keys);
    return opened.ok && opened.body.sender === server ? opened.body.payload : undefined;
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
