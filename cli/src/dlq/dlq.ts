/** `countersign dlq list|show|redrive`: what readers refused, why, and putting it back. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type DeadLetter, type DlqState, Dlqs, InputError, readLetter } from "@countersign/platform";
import type { Caller } from "../caller.ts";
import { exitCodes } from "../failure.ts";
import { counted } from "../terminal/figures.ts";
import { Screen } from "../terminal/screen.ts";
import { brokersOf, clusterDir, type PlaceFlags } from "../up/place.ts";
import { confirm } from "./confirm.ts";
import { letterLine, queueJson, queueLine, wholeJson, wholeLines } from "./lines.ts";

export interface DlqFlags extends PlaceFlags {
  readonly json?: boolean;
}

export interface ShowFlags extends DlqFlags {
  readonly offset?: string;
}

export interface RedriveFlags extends PlaceFlags {
  readonly offset?: string;
  readonly all?: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
}

const LETTERS_SHOWN = 50;

export async function dlqList(flags: DlqFlags, caller: Caller): Promise<number> {
  await using dlqs = new Dlqs(brokersOf(flags, caller));
  const states: DlqState[] = [];
  for (const name of await dlqs.used()) states.push(await dlqs.read(name));
  const screen = new Screen(process.stdout);
  if (flags.json === true) {
    screen.line(
      JSON.stringify(
        states.map((state) => queueJson(state)),
        null,
        2,
      ),
    );
    return exitCodes.ok;
  }
  for (const state of states) screen.line(queueLine(state, Date.now()));
  const waiting = states.reduce((sum, state) => sum + state.waiting.length, 0);
  screen.line(`${counted((await dlqs.names()).length, "queue")}, ${counted(waiting, "letter")} waiting`);
  const first = states.find((state) => state.waiting.length > 0);
  if (first !== undefined) screen.line(`next: ./countersign dlq show ${first.dlq}`);
  return exitCodes.ok;
}

export async function dlqShow(dlq: string, flags: ShowFlags, caller: Caller): Promise<number> {
  await using dlqs = new Dlqs(brokersOf(flags, caller));
  await expectQueue(dlqs, dlq);
  const screen = new Screen(process.stdout);
  if (flags.offset !== undefined) {
    const whole = await dlqs.show(dlq, offsetOf(flags.offset));
    const dir = clusterDir(flags, caller);
    // Whose keys count is written in the cluster's own control log.
    const reading = existsSync(join(dir, "cluster.json")) ? await readLetter(dir, whole.value) : undefined;
    if (flags.json === true) screen.line(JSON.stringify(wholeJson(whole, reading), null, 2));
    else for (const line of wholeLines(whole, reading, Date.now())) screen.line(line);
    return exitCodes.ok;
  }
  const state = await dlqs.read(dlq);
  if (flags.json === true) {
    screen.line(JSON.stringify(queueJson(state), null, 2));
    return exitCodes.ok;
  }
  for (const letter of state.waiting.slice(0, LETTERS_SHOWN)) screen.line(letterLine(letter, Date.now()));
  if (state.waiting.length > LETTERS_SHOWN)
    screen.line(`and ${counted(state.waiting.length - LETTERS_SHOWN, "letter")} more: --json shows all`);
  screen.line(queueLine(state, Date.now()));
  if (state.waiting[0] !== undefined)
    screen.line(`next: ./countersign dlq show ${dlq} --offset ${state.waiting[0].offset}`);
  return exitCodes.ok;
}

export async function dlqRedrive(dlq: string, flags: RedriveFlags, caller: Caller): Promise<number> {
  if ((flags.offset === undefined) === (flags.all !== true && flags.reason === undefined))
    throw new InputError("BAD_OPTION", "dlq redrive: say which letters: --offset N, or --all, or --reason CODE");
  await using dlqs = new Dlqs(brokersOf(flags, caller));
  await expectQueue(dlqs, dlq);
  const chosen = chosenOf(await dlqs.read(dlq), flags);
  const screen = new Screen(process.stdout);
  const [first] = chosen;
  if (first === undefined) {
    screen.line(`${dlq}: no such letter waits: nothing was done`);
    return exitCodes.ok;
  }
  const question = `put ${counted(chosen.length, "letter")} back onto ${first.topic}, as ${chosen.length === 1 ? "it" : "they"} came?`;
  if (flags.yes !== true && !(await confirm(question))) {
    screen.line("nothing was done");
    return exitCodes.ok;
  }
  let done = 0;
  await dlqs.redrive(dlq, chosen, (letters) => {
    done += letters.length;
    for (const letter of letters) screen.line(`put back onto ${letter.topic}: ${letterLine(letter, Date.now())}`);
  });
  screen.line(
    `${counted(done, "letter")} put back; who refuses one again puts it here again, and no inbox acts on one twice`,
  );
  return done === chosen.length ? exitCodes.ok : exitCodes.failed;
}

/** One that was put back already is put back again only where its offset is named. */
function chosenOf({ waiting, redriven }: DlqState, { offset, reason }: RedriveFlags): readonly DeadLetter[] {
  if (offset !== undefined) return [...waiting, ...redriven].filter((letter) => letter.offset === offsetOf(offset));
  return waiting.filter(({ code }) => reason === undefined || code === reason);
}

async function expectQueue(dlqs: Dlqs, dlq: string): Promise<void> {
  if ((await dlqs.names()).includes(dlq)) return;
  throw new InputError(
    "BAD_OPTION",
    `${dlq}: no such dead letter queue: ./countersign dlq list shows those that hold something`,
  );
}

function offsetOf(text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new InputError("BAD_OPTION", `--offset ${text}: write a number, such as 0`);
  return BigInt(text);
}
