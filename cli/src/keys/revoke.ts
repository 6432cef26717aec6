/** `countersign keys revoke` and `list`. One person takes a key away; from the next entry on it says nothing to anybody. */
import { KeyPurpose, KeyState } from "@countersign/contracts";
import { formatFixed, moneyFromWire } from "@countersign/orders";
import { Desk, enrolledKeys, enrolledRoles, keysToRevoke } from "@countersign/platform";
import type { Caller } from "../caller.ts";
import { exitCodes } from "../failure.ts";
import { Screen } from "../terminal/screen.ts";
import { clusterDir } from "../up/place.ts";
import { keyLines, keyText, roleNames } from "./lines.ts";

export interface RevokeFlags {
  readonly dir?: string;
  readonly as?: string;
  readonly old?: boolean;
  readonly compromised?: boolean;
}

export interface ListFlags {
  readonly dir?: string;
  readonly as?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** @throws InputError; RpcError when no validator answers */
export async function keysRevoke(who: string, flags: RevokeFlags, caller: Caller): Promise<number> {
  const screen = new Screen(process.stdout);
  await using desk = new Desk(clusterDir(flags, caller), flags.as);
  await desk.readWhole();
  const reason = flags.compromised === true ? "compromised" : "superseded";
  for (const key of keysToRevoke(who, { old: flags.old === true }, desk.fence.control())) {
    const { seq, code, text } = await desk.ofAnyValidator((one) => desk.person.revoke(key, reason, one));
    if (code !== undefined) {
      screen.line(`${key.sender} ${keyText(key)}: the validators refuse it: ${code} ${text ?? ""}`.trimEnd());
      return exitCodes.failed;
    }
    screen.line(`${key.sender} ${keyText(key)}: revoked, ${reason}: entry ${seq} of the control log`);
  }
  screen.line(
    "whoever reads the control log refuses them from now on, and who has not read it within 3 s trades nothing",
  );
  return exitCodes.ok;
}

/** Without `--all` the keys that count. @throws InputError; RpcError when no validator answers */
export async function keysList(flags: ListFlags, caller: Caller): Promise<number> {
  const screen = new Screen(process.stdout);
  await using desk = new Desk(clusterDir(flags, caller), flags.as);
  await desk.readWhole();
  const control = desk.fence.control();
  const keys = enrolledKeys(control).filter(({ state }) => flags.all === true || state !== KeyState.REVOKED);
  const roles = enrolledRoles(control);
  if (flags.json === true)
    screen.line(JSON.stringify({ keys: keys.map(keyJson), roles: roles.map(roleJson) }, null, 2));
  else for (const line of keyLines(keys, roles)) screen.line(line);
  return exitCodes.ok;
}

function keyJson({ keyid, sender, person, purpose, state, reason }: ReturnType<typeof enrolledKeys>[number]) {
  const named = (names: object, value: number | undefined) =>
    Object.entries(names).find(([, one]) => one === value)?.[0];
  return { keyid, sender, person, purpose: named(KeyPurpose, purpose), state: named(KeyState, state), reason };
}

function roleJson({ person, roles, approvesUpTo }: ReturnType<typeof enrolledRoles>[number]) {
  const most = moneyFromWire(approvesUpTo);
  const upTo = most === undefined ? null : { amount: formatFixed(most), currency: most.currency };
  return { person, roles: roles.map((role) => roleNames[role]), approvesUpTo: upTo };
}
