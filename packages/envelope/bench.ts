/** Microseconds a message, for bodies of about 300 bytes: `node packages/envelope/bench.ts`. */
import { KeyPurpose, KeyState, Mode } from "@countersign/contracts";
import { encodeBody, Keyring, makeGrant, openEnvelope, seal, sealBatch, signerFromSeed } from "./src/index.ts";

const BATCH = 256;
const signer = signerFromSeed(new Uint8Array(32).fill(7));
const keys = new Keyring();
keys.grant(
  makeGrant(
    {
      sender: "agent.market",
      person: false,
      purpose: KeyPurpose.ENVELOPE,
      modes: [Mode.REPLAY],
      types: [{ $typeName: "countersign.v1.TypeGrant", type: "market.quote", topic: "market.quotes.v1" }],
      validFromMs: 0n,
      validUntilMs: 4_000_000_000_000n,
      state: KeyState.ACTIVE,
    },
    signer,
  ),
);
const bodies = Array.from({ length: BATCH }, (_, index) => ({
  msgId: "01890a5d-ac96-774b-bcce-b302099a8057",
  type: "market.quote",
  version: "v1",
  correlationId: "01890a5d-ac96-774b-bcce-b302099a8057",
  causationId: "",
  sentAtMs: 1_700_000_000_000n,
  ttlMs: 0,
  sender: "agent.market",
  intent: "QUOTE",
  idempotencyKey: "01890a5d-ac96-774b-bcce-b302099a8057",
  topic: "market.quotes.v1",
  key: "BTCUSD",
  seq: BigInt(index + 1),
  payload: new Uint8Array(90),
}));

const [first] = bodies;
if (first === undefined) throw new Error("no bodies");
console.log(`body ${encodeBody(first).length} B, envelope of a batch ${sealBatch(bodies, signer)[0]?.bytes.length} B`);

report("seal, single", 1, 3_000, () => seal(first, signer));
report("seal, batch of 256", BATCH, 200, () => sealBatch(bodies, signer));
const single = seal(first, signer).bytes;
report("open, single", 1, 1_500, () => open(single));
const batch = sealBatch(bodies, signer).map((sealed) => sealed.bytes);
report("open, batch of 256", BATCH, 100, () => batch.forEach(open));

/** A fresh array each time, as a delivery is: what was opened is remembered by its array. */
function open(bytes: Uint8Array): void {
  if (!openEnvelope(Buffer.from(bytes), keys).ok) throw new Error("refused");
}

/** The fastest of five rounds: the others share the machine. */
function report(name: string, messages: number, times: number, run: () => void): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    for (let time = 0; time < times; time++) run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1000 / times / messages);
  }
  console.log(`${name.padEnd(20)} ${best.toFixed(2)} us a message`);
}
