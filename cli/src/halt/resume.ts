/** `countersign resume`: opens trading again, by as many persons as the genesis demands, each of whom signs which halts it ends and why. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Desk, InputError, parseStatement, type ResumeStatementFile, statementFile } from "@countersign/platform";
import { type Caller, fromCaller } from "../caller.ts";
import { exitCodes } from "../failure.ts";
import { idBeginning, shortId } from "../short-id.ts";
import { Screen } from "../terminal/screen.ts";
import { clusterDir } from "../up/place.ts";

export interface ResumeFlags {
  readonly dir?: string;
  readonly as?: string;
  readonly message?: string;
  /** What others have signed, and where it is written for the next. */
  readonly with?: string;
}

/** @throws InputError, RpcError when no validator answers */
export async function resume(ids: readonly string[], flags: ResumeFlags, caller: Caller): Promise<number> {
  const screen = new Screen(process.stdout);
  await using desk = new Desk(clusterDir(flags, caller), flags.as);
  await desk.readWhole();
  const { halts, epoch } = desk.fence.state();
  const path = flags.with === undefined ? undefined : fromCaller(flags.with, caller);
  const before = path !== undefined && existsSync(path) ? parseStatement(readFileSync(path, "utf8"), path) : undefined;
  const haltIds =
    before?.haltIds ??
    named(
      ids,
      halts.map(({ id }) => id),
    );
  const reason = before?.reason ?? flags.message ?? "";
  if (haltIds.length === 0) {
    screen.line(`nothing is halted, epoch ${epoch}`);
    return exitCodes.ok;
  }
  if (reason.trim() === "") throw new InputError("BAD_OPTION", '-m: say why, such as -m "prices were checked"');
  if (before !== undefined && before.epoch !== epoch)
    throw new InputError("BAD_OPTION", `${path}: signed in epoch ${before.epoch}, it is ${epoch} by now: sign anew`);
  const own = desk.person.signResume(haltIds, reason, epoch);
  const signatures = [...(before?.signatures ?? []), own];
  const needed = desk.fence.control().genesis?.resumePersons ?? 2;
  if (signatures.length < needed) {
    const target = path ?? fromCaller(`resume-${epoch}.json`, caller);
    const file: ResumeStatementFile = { haltIds, reason, epoch, signatures };
    writeFileSync(target, statementFile(file));
    screen.line(
      `signed by ${signatures.length} of ${needed} persons. The next: ./countersign resume --with ${target} --as <name>`,
    );
    return exitCodes.ok;
  }
  const answer = await desk.ofAnyValidator((one) => desk.person.resume(haltIds, reason, signatures, one));
  if (answer.code !== undefined) {
    screen.line(`the validators refuse it: ${answer.code} ${answer.text ?? ""}`.trimEnd());
    return exitCodes.failed;
  }
  await desk.read();
  const left = desk.fence.state();
  const open =
    left.halts.length === 0
      ? "trading is open"
      : `still halted by ${left.halts.map(({ id }) => shortId(id)).join(", ")}`;
  screen.line(
    `resumed ${haltIds.map(shortId).join(", ")}: entry ${answer.seq} of the control log, epoch ${left.epoch}; ${open}`,
  );
  return exitCodes.ok;
}

/** The halts whose ids begin so; all of them where none is named. @throws InputError */
function named(prefixes: readonly string[], ids: readonly string[]): readonly string[] {
  if (prefixes.length === 0) return ids;
  const known = ids.length === 0 ? "nothing is halted" : `in force: ${ids.map(shortId).join(", ")}`;
  return prefixes.map((prefix) => idBeginning(prefix, ids, "halt", known));
}
