/**
 * The real Execution as a process of its own, over one schema and one venue with any other: `URL SCHEMA VENUE_URL SESSION [unfenced]`. It
 * is told by its parent what to accept, and stops itself, as if its machine stood still, between a commit and what follows from it.
 */
import { openPool } from "@countersign/postgres";
import { claimWriter, emptyCommit, type Input, openPostgresStore } from "@countersign/runtime";
import { API_KEY } from "@countersign/venue-paper/testing";
import { edgeInput } from "../../agents/execution/src/core/edge-input.ts";
import { makeExecution } from "../../agents/execution/src/main.ts";
import {
  config,
  depositEntry,
  intentOf,
  OPEN,
  orderOf,
  permitFor,
  quote,
  submitCommand,
  submitOf,
} from "../../agents/execution/test/world.ts";

const [url = "", schema = "", venueUrl = "", session = "", unfenced = ""] = process.argv.slice(2);
const FENCED = 70;
const pool = openPool(url, { max: 4, applicationName: session });
const writer = await claimWriter(await openPostgresStore(pool, schema), { onFenced: () => process.exit(FENCED) });
const { store, earlierForMs } = writer;
const { agent, edge, line } = makeExecution({
  ...config,
  venue: { kind: "network", name: "paper", url: venueUrl, apiKey: () => API_KEY, session, earlierForMs },
  nowMs: () => Date.now(),
  // Only the writer's right is tried here: nothing else would stop an order that comes late.
  mayWrite: unfenced === "" ? () => writer.mayWrite() : () => true,
});
const say = (what: object) => process.send?.({ session, ...what });
const view = agent.view.create();
const loaded = await store.load("main");
let { version } = loaded;
let state = (loaded.state ?? agent.initial("main")) as ReturnType<typeof agent.initial>;

/** One input and one commit; then what is to be done, and what comes of it. */
async function take(input: Input, between: () => void = () => {}): Promise<void> {
  const cause = { msgId: "cause", correlationId: "correlation" };
  const context = { nowMs: Date.now(), fence: OPEN, auditTrailing: 0, auditStale: false, view, cause };
  const decision = agent.decide(state, input, context);
  const result = await store.commit({ ...emptyCommit, aggregate: { key: "main", version, state: decision.state } });
  if (result.kind !== "committed") throw new Error(`broken invariant: ${result.kind}`);
  [state, version] = [decision.state, result.version];
  for (const effect of decision.effects)
    if (effect.kind === "publish" && effect.type === "order.reported") say({ reported: effect.payload });
  between();
  for (const effect of decision.effects) {
    if (effect.kind !== "act") continue;
    const reports = edge.act(effect.name, effect.data);
    if (effect.name === "send") say({ gate: refusalIn(reports) ?? "passed" });
    for (const report of reports) await take({ kind: "edge", ...report });
  }
}

function refusalIn(reports: ReturnType<typeof edge.act>): string | undefined {
  const all = reports.map(({ name, data }) => edgeInput(name, data));
  const news = all.flatMap((one) => (one?.name === "reports" ? one.data.reports : []));
  return news.find((one) => one.type === "refused")?.code;
}

let last: Promise<void> = Promise.resolve();
/** One after the other; what another claim has fenced off ends the process. */
function soon(input: Input, between?: () => void): Promise<void> {
  last = last.then(() => take(input, between));
  last.catch((error: { code?: string }) => {
    if (error.code === "STORE_FENCED") process.exit(FENCED);
    console.error(error);
    process.exit(1);
  });
  return last;
}

line?.open(
  (report) => soon({ kind: "edge", ...report }),
  () => process.exit(1),
);
if (loaded.state === undefined) await soon(depositEntry());
const seen = quote("AAPL", 19_010, 19_020, 60, Date.now());
edge.onMarket(seen);
agent.view.fold(view, seen);
for (const report of edge.started()) await soon({ kind: "edge", ...report });
process.on("message", ({ accept, stops }: { accept: string; stops?: boolean }) => {
  const intent = intentOf({ intentKey: accept });
  const permit = permitFor(intent, { expiresAtMs: Date.now() + 120_000 });
  say({ accepted: accept, clientOrderId: orderOf(intent).clientOrderId });
  void soon(submitCommand(submitOf(intent, { permit })), () => {
    if (stops === true) process.kill(process.pid, "SIGSTOP");
  });
});
setInterval(() => say({ ready: line?.whyNot() === undefined }), 100);
