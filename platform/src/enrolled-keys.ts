/** The keys of the control log, as people speak of them. */
import { type KeyGrant, KeyPurpose, KeyState, type RoleGrant } from "@countersign/contracts";
import type { ControlState } from "@countersign/quorum";
import { InputError } from "./inputs.ts";
import { isPerson } from "./senders.ts";

/** Every key with the state that counts, in the order of its first grant. */
export function enrolledKeys({ grants }: Pick<ControlState, "grants">): readonly KeyGrant[] {
  return [...new Map(grants.map(({ grant }) => [grant.keyid, grant])).values()];
}

/** What each person may do, by the last grant. */
export function enrolledRoles({ roles }: Pick<ControlState, "roles">): readonly RoleGrant[] {
  return [...new Map(roles.map((role) => [role.person, role])).values()];
}

/**
 * The keys that somebody wants to take away: the one that begins so; all of a person; of another sender those before the newest of each
 * purpose, but for checkpoints, whose notes are verified with them, if that is what is asked. @throws InputError
 */
export function keysToRevoke(
  who: string,
  { old }: { readonly old: boolean },
  control: Pick<ControlState, "grants">,
): readonly KeyGrant[] {
  const keys = enrolledKeys(control).filter(({ state }) => state !== KeyState.REVOKED);
  const own = keys.filter(({ sender }) => sender === who);
  if (own.length === 0) return [named(who, keys)];
  if (isPerson(who) && !old) return own;
  if (!old)
    throw new InputError(
      "BAD_OPTION",
      `${who} cannot speak without its keys: take those of before with --old, or name one by its id`,
    );
  const past = own
    .filter(({ purpose }) => purpose !== KeyPurpose.CHECKPOINT)
    .filter((key, n, all) => all.findLastIndex(({ purpose }) => purpose === key.purpose) !== n);
  if (past.length === 0) throw new InputError("BAD_OPTION", `${who} has one key a purpose: enrol the next ones first`);
  return past;
}

function named(prefix: string, keys: readonly KeyGrant[]): KeyGrant {
  const [key, ...more] = keys.filter(({ keyid = "" }) => keyid.startsWith(prefix));
  const see = "see ./countersign keys list";
  if (key === undefined || prefix === "")
    throw new InputError("BAD_OPTION", `${prefix}: no such sender, and no key that counts; ${see}`);
  if (more.length > 0) throw new InputError("BAD_OPTION", `${prefix}: more than one key begins so; ${see}`);
  return key;
}
