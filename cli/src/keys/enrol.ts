/** `countersign keys new`, `role` and `enrol`: somebody asks for keys or a role, persons sign, and with enough of them it is in the control log. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Role } from "@countersign/contracts";
import { OrdersError, parseMoney } from "@countersign/orders";
import {
  askedLimits,
  contentsOf,
  Desk,
  type Enrolment,
  enrolmentFile,
  InputError,
  isEmpty,
  loadLimits,
  makeKeys,
  newLimits,
  newRole,
  parseEnrolment,
  proposeAll,
  readSpec,
  restOf,
  signaturesOf,
  signEnrolment,
  takeIntoUse,
} from "@countersign/platform";
import { type Caller, fromCaller } from "../caller.ts";
import { confirm } from "../dlq/confirm.ts";
import { exitCodes } from "../failure.ts";
import { Screen } from "../terminal/screen.ts";
import { clusterDir } from "../up/place.ts";
import { enrolmentLines, roleNames } from "./lines.ts";

export interface NewFlags {
  readonly dir?: string;
  /** Names, with commas between them. */
  readonly role?: string;
  readonly upTo?: string;
  readonly out?: string;
}

export interface EnrolFlags {
  readonly dir?: string;
  readonly as?: string;
  readonly yes?: boolean;
}

/** Makes the private keys where the cluster's are, for their owner alone, and writes what is asked. @throws InputError */
export function keysNew(sender: string, flags: NewFlags, caller: Caller): number {
  const dir = clusterDir(flags, caller);
  const isPerson = sender.startsWith("person:");
  if (isPerson && flags.role === undefined)
    throw new InputError("BAD_OPTION", `${sender}: name what the person may do, such as --role approver --up-to 50000`);
  if (!isPerson && flags.role !== undefined) throw new InputError("BAD_OPTION", `${sender}: only a person has a role`);
  const role = roleOf(flags, dir);
  const path = freePath(sender, flags, caller);
  return write(makeKeys(dir, sender, role), path);
}

/** Asks for other roles of a person who has keys. @throws InputError */
export function keysRole(person: string, flags: NewFlags, caller: Caller): number {
  const dir = clusterDir(flags, caller);
  const role = roleOf(flags, dir);
  if (role === undefined) throw new InputError("BAD_OPTION", `${person}: name the role, such as --role viewer`);
  return write(newRole(readSpec(dir).platform, person, role), freePath(person, flags, caller));
}

/** Asks that a limits file counts. @throws InputError, PolicyError for what is none */
export function keysLimits(file: string, flags: NewFlags, caller: Caller): number {
  const dir = clusterDir(flags, caller);
  const { digest } = loadLimits(fromCaller(file, caller));
  return write(newLimits(readSpec(dir).platform, digest), freePath("limits", flags, caller));
}

/** Signs what is asked and, with enough signatures, proposes it. @throws InputError; RpcError when no validator answers */
export async function keysEnrol(file: string, flags: EnrolFlags, caller: Caller): Promise<number> {
  const screen = new Screen(process.stdout);
  const path = fromCaller(file, caller);
  await using desk = new Desk(clusterDir(flags, caller), flags.as);
  await desk.readWhole();
  const { changes, genesis, ...known } = desk.fence.control();
  const whole = parseEnrolment(readFileSync(path, "utf8"), path, desk.spec.platform);
  const asked = restOf(whole, known);
  if (isEmpty(asked)) return enrolled(desk, whole, [], screen);
  for (const line of enrolmentLines(asked)) screen.line(line);
  const { name } = desk.person;
  if (flags.yes !== true && !(await confirm(`Sign as ${name}, to enrol exactly this?`))) {
    screen.line("nothing was signed");
    return exitCodes.failed;
  }
  const signed = signEnrolment(asked, desk.person, changes);
  const [count, needed] = [signaturesOf(signed), genesis?.resumePersons ?? 2];
  writeFileSync(path, enrolmentFile(signed));
  if (count < needed) {
    screen.line(`signed by ${count} of ${needed} persons. The next: ./countersign keys enrol ${path} --as <name>`);
    return exitCodes.ok;
  }
  const { entries, refused } = await proposeAll(desk, contentsOf(signed));
  if (refused !== undefined) {
    screen.line(`the validators refuse it: ${refused.code} ${refused.text ?? ""}`.trimEnd());
    return exitCodes.failed;
  }
  return enrolled(desk, whole, entries, screen);
}

/** @param entries of the control log that it took; none where it was there before */
function enrolled(desk: Desk, whole: Enrolment, entries: readonly bigint[], screen: Screen): number {
  const { sender } = whole;
  const places = entries.map((seq) => `entry ${seq}`).join(", ");
  screen.line(places === "" ? `${sender} is enrolled already` : `${sender} is enrolled: ${places} of the control log`);
  if (askedLimits(whole) !== undefined)
    screen.line(
      `Policy permits nothing until it has them: put the file at ${join(desk.dir, desk.spec.limits)}, and end its process`,
    );
  if (takeIntoUse(desk.dir, whole))
    screen.line(
      `its next key is in use: where a process signs with it, that ends by itself and starts again with it; when it is back, ./countersign keys revoke ${sender} --old`,
    );
  return exitCodes.ok;
}

/** Before a key is made: no request is lost under another. */
function freePath(sender: string, { out }: NewFlags, caller: Caller): string {
  const path = fromCaller(out ?? `enrol-${sender.replaceAll(":", "-")}.json`, caller);
  if (existsSync(path)) throw new InputError("BAD_OPTION", `${path}: is there already: name another file with --out`);
  return path;
}

function write(enrolment: Enrolment, path: string): number {
  const screen = new Screen(process.stdout);
  writeFileSync(path, enrolmentFile(enrolment), { flag: "wx" });
  for (const line of enrolmentLines(enrolment)) screen.line(line);
  screen.line(`${path} asks for it, and holds no secret. Who may sign: ./countersign keys enrol ${path} --as <name>`);
  return exitCodes.ok;
}

/** @throws InputError for a role that there is not, or no amount */
function roleOf({ role, upTo }: NewFlags, dir: string) {
  if (role === undefined) return undefined;
  const roles = role.split(",").filter(Boolean).map(roleNamed);
  const approves = roles.some((one) => one === Role.APPROVER || one === Role.RISK);
  if (approves !== (upTo !== undefined))
    throw new InputError("BAD_OPTION", "--up-to: approver and risk approve orders up to an amount, the others none");
  return { roles, ...(upTo !== undefined && { approvesUpTo: amountOf(upTo, readSpec(dir).currency) }) };
}

function roleNamed(name: string): Role {
  const found = Object.values(Role).find((role) => role !== Role.UNSPECIFIED && roleNames[role] === name);
  if (found === undefined)
    throw new InputError("BAD_OPTION", `--role ${name}: viewer, approver, risk or admin, with commas between them`);
  return found;
}

function amountOf(text: string, currency: string) {
  try {
    return parseMoney(text, currency, 2);
  } catch (cause) {
    if (!(cause instanceof OrdersError)) throw cause;
    throw new InputError("BAD_OPTION", `--up-to ${text}: an amount of ${currency}, such as 50000`, { cause });
  }
}
