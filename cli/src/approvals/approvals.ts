/** `countersign approvals`, `approve`, `reject`: orders that wait for a person, and a person's word about one of them. */
import { Approvals, type Asked } from "@countersign/platform";
import type { Caller } from "../caller.ts";
import { confirm } from "../dlq/confirm.ts";
import { exitCodes } from "../failure.ts";
import { idBeginning, shortId } from "../short-id.ts";
import { Screen } from "../terminal/screen.ts";
import { clusterDir } from "../up/place.ts";
import { askedLines, outcomeLine } from "./lines.ts";

export interface ApprovalsFlags {
  readonly dir?: string;
  readonly as?: string;
  readonly watch?: boolean;
  readonly json?: boolean;
}

export interface AnswerFlags {
  readonly dir?: string;
  readonly as?: string;
  readonly message?: string;
  readonly yes?: boolean;
}

const NEWS_MS = 1_000;
const VERDICT_MS = 10_000;

/** With `--watch` until Ctrl-C. @throws InputError, BusError, RpcError */
export async function approvals(flags: ApprovalsFlags, caller: Caller): Promise<number> {
  const screen = new Screen(process.stdout);
  await using open = await Approvals.open(clusterDir(flags, caller), flags.as);
  const shown = new Set<string>();
  const show = async () => {
    const fresh = open.waiting().filter(({ approvalId }) => !shown.has(approvalId));
    for (const asked of fresh) {
      shown.add(asked.approvalId);
      const lines = flags.json === true ? [JSON.stringify(asJson(asked))] : askedLines(asked, Date.now());
      for (const line of lines) screen.line(line);
    }
    await open.acknowledge(fresh);
  };
  await show();
  if (flags.watch !== true) {
    if (shown.size === 0 && flags.json !== true) screen.line("no order waits for a person");
    return exitCodes.ok;
  }
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  if (flags.json !== true) screen.line("waiting for orders that need a person; Ctrl-C ends this, and nothing else");
  while (!stop.signal.aborted) {
    await open.news(NEWS_MS);
    await show();
  }
  return exitCodes.ok;
}

/** 0 when the word is on record, and Policy has done what it says. @throws InputError, BusError, RpcError, PostgresError */
export async function answer(prefix: string, approve: boolean, flags: AnswerFlags, caller: Caller): Promise<number> {
  const screen = new Screen(process.stdout);
  await using open = await Approvals.open(clusterDir(flags, caller), flags.as);
  const asked = named(prefix, open.waiting());
  for (const line of askedLines(asked, Date.now())) screen.line(line);
  const verb = approve ? "approve" : "reject";
  const name = open.desk.person.name;
  if (flags.yes !== true && !(await confirm(`Sign as ${name}, to ${verb} exactly this order?`))) {
    await open.acknowledge([asked]);
    screen.line("nothing was signed");
    return exitCodes.failed;
  }
  await open.say(asked, approve, flags.message ?? `${verb}d on the command line`);
  const verdict = await open.verdict(asked, asked.needed > 1 && approve ? NEWS_MS : VERDICT_MS);
  screen.line(outcomeLine(asked, approve, verdict));
  return verdict === undefined || verdict.isPermitted === approve ? exitCodes.ok : exitCodes.failed;
}

function named(prefix: string, waiting: readonly Asked[]): Asked {
  const ids = waiting.map(({ approvalId }) => approvalId);
  const known = `waiting: ${ids.map(shortId).join(", ") || "none"}`;
  const id = idBeginning(prefix, ids, "order that waits", known);
  return waiting.find(({ approvalId }) => approvalId === id)!;
}

function asJson({ approvalId, words, why, expiresAtMs, needed, approvedBy, order }: Asked) {
  const { intentKey, symbol, side } = order;
  return { approvalId, words, why, expiresAtMs, needed, approvedBy, order: { intentKey, symbol, side } };
}
