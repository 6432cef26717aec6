/** `countersign halt`: stops trading, at Policy, Execution and the validators at once; neither bus nor quorum is needed for it. */
import { parseScope } from "@countersign/contracts";
import { Desk, HALT_SERVERS, InputError } from "@countersign/platform";
import type { Caller } from "../caller.ts";
import { exitCodes } from "../failure.ts";
import { Screen } from "../terminal/screen.ts";
import { clusterDir } from "../up/place.ts";
import { haltLines, isStopped } from "./lines.ts";

export interface HaltFlags {
  readonly dir?: string;
  readonly as?: string;
  readonly scope: string;
  readonly message: string;
  readonly json?: boolean;
}

/** How long the quorum is waited for; what is latched stays latched without it. */
const GLOBAL_WITHIN_MS = 3_000;

/** 0 when no new order can leave: the gate has latched, or the halt is in the control log. @throws InputError, before anything is asked */
export async function halt(levelText: string, flags: HaltFlags, caller: Caller): Promise<number> {
  const level = Number(levelText);
  if (![1, 2, 3].includes(level))
    throw new InputError(
      "BAD_OPTION",
      `halt ${levelText}: the levels are 1 no new orders, 2 also cancel, 3 also flatten`,
    );
  if (parseScope(flags.scope) === undefined)
    throw new InputError(
      "BAD_OPTION",
      `--scope ${flags.scope}: all, account:<id>, strategy:<id>, symbol:<id> or venue:<id>`,
    );
  if (flags.message.trim() === "") throw new InputError("BAD_OPTION", '-m: say why, such as -m "prices look wrong"');
  await using desk = new Desk(clusterDir(flags, caller), flags.as);
  const { haltId, answers } = await desk.person.halt(level, flags.scope, flags.message, HALT_SERVERS);
  const screen = new Screen(process.stdout);
  const facts = { haltId, level, scope: flags.scope, reason: flags.message };
  const isGlobal = await desk.readUntil(() => isInLog(desk, haltId), GLOBAL_WITHIN_MS);
  const epoch = isGlobal ? desk.fence.state().epoch : undefined;
  const stopped = isStopped(answers, epoch);
  if (flags.json === true) {
    const control = epoch === undefined ? null : { epoch: Number(epoch) };
    screen.line(JSON.stringify({ ...facts, isStopped: stopped, control, answers }, null, 2));
  } else for (const line of haltLines(facts, answers, epoch)) screen.line(line);
  return stopped ? exitCodes.ok : exitCodes.failed;
}

function isInLog({ fence }: Desk, haltId: string): boolean {
  return fence.state().halts.some(({ id }) => id === haltId);
}
