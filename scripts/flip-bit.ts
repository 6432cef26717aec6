/**
 * Flips one bit of one sealed quote on its way through a day that you choose: `node scripts/flip-bit.ts [--seed N] [--hedge SYMBOL]
 * [--strategy FILE] [[SYMBOL=]TRACE…]`, without traces the default market. Prints who refused the bytes, with which code; exit code 1 when one of the agents
 * that read quotes did not refuse them, when any other envelope was refused, or when a record names the quote.
 *
 * The same as `test/e2e/flipped-bit.test.ts`, on a market of any length, with its PostgreSQL.
 */
import { createHash } from "node:crypto";
import type { Refused } from "@countersign/contracts";
import { openCounts, sealCount } from "@countersign/envelope";
import { type Embedded, type RunHooks, readRecord, runDay } from "@countersign/platform";
import { Prng, uniform } from "@countersign/quant";
import { demoOptions } from "../cli/src/demo/options.ts";
import { parseOptions } from "./options.ts";

const READERS = ["compliance", "execution", "hedger", "policy", "portfolio", "signal"];
/** The victim is one of these first quotes of the day. */
const AMONG = 300;

type Release = Embedded["release"];

const { values, positionals } = parseOptions({
  allowPositionals: true,
  options: { seed: { type: "string", default: "1" }, hedge: { type: "string" }, strategy: { type: "string" } },
});
const prng = new Prng(BigInt(values.seed));
const flags = {
  ...(positionals.length > 0 && { trace: positionals }),
  ...(values.hedge !== undefined && { hedge: values.hedge }),
  ...(values.strategy !== undefined && { strategy: [values.strategy] }),
};
const plan = await demoOptions(flags, { cwd: process.cwd(), env: process.env });
const victim = Math.floor(uniform(prng) * AMONG);
let quotes = 0;
let msgId = "";
let subject = "";
let atBegin = openCounts().refused;
const refusals: { readonly by: string; readonly code: string }[] = [];
let others = 0;
let named = 0;

const hooks: RunHooks = {
  onReady(embedded) {
    atBegin = openCounts().refused;
    const { release } = embedded;
    const flipping: Release = (event) =>
      release(event.kind === "quote" && quotes++ === victim ? { ...event, bytes: flip(event.bytes) } : event);
    Object.assign(embedded, { release: flipping });
  },
  onRecord({ body, payload }) {
    if (Buffer.from(body.payload).includes(msgId) && msgId !== "") named++;
    if (body.type !== "decision.refused") return;
    const refused = payload as Refused;
    if (refused.subject === subject) refusals.push({ by: body.sender, code: refused.code ?? "" });
    else if (refused.place === "pipeline") others++;
  },
};

// Without the demo's intruder: every refusal of the pipeline is the flipped bit's.
const { intruderAfterFills: _, ...run } = plan.run;
await runDay(run, hooks, async (result) => {
  const { opened, refused } = openCounts();
  console.log(`quote ${victim} of ${quotes}, one bit flipped; SHA-256 of what arrived ${subject}`);
  for (const { by, code } of refusals.toSorted((a, b) => a.by.localeCompare(b.by))) console.log(`  ${by}: ${code}`);
  console.log(`sealed ${sealCount()} = opened ${opened} + refused ${refused} (${refused - atBegin} of them flipped)`);
  console.log(
    `${result.ledger.length} ledger entries; audit head ${result.auditHead.slice(0, 8)}; records that name the quote: ${named}`,
  );
  const isRefusedByAll = READERS.every((reader) => refusals.filter(({ by }) => by === reader).length === 1);
  process.exitCode = isRefusedByAll && others === 0 && named === 0 ? 0 : 1;
});

function flip(original: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(original);
  const at = Math.floor(uniform(prng) * bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(uniform(prng) * 8));
  msgId = readRecord(original)?.body.msgId ?? "";
  subject = createHash("sha256").update(bytes).digest("hex");
  return bytes;
}
