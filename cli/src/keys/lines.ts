/** What is printed about keys and roles. Never a private key: nothing here has one. */
import { type KeyGrant, KeyPurpose, KeyState, Role, type RoleGrant } from "@countersign/contracts";
import { formatFixed, moneyFromWire } from "@countersign/orders";
import { askedLimits, askedRole, type Enrolment } from "@countersign/platform";
import { shortId } from "../short-id.ts";
import { amount, moment } from "../terminal/figures.ts";

/** What a person agrees to who signs it. */
export function enrolmentLines(enrolment: Enrolment): readonly string[] {
  const { sender, keys } = enrolment;
  const [role, limits] = [askedRole(enrolment), askedLimits(enrolment)];
  if (limits !== undefined) return [`the limits ${shortId(limits)} shall count, by the SHA-256 of their file`];
  return [
    `${sender} ${role === undefined ? "asks for new keys" : `asks to be ${roleText(role)}`}`,
    ...keys.map(({ what }) => `  ${keyText(what)}${what.types.length > 0 ? `: ${saysText(what)}` : ""}`),
  ];
}

/** One line a key that counts or counted, and one a person's roles. */
export function keyLines(keys: readonly KeyGrant[], roles: readonly RoleGrant[]): readonly string[] {
  const width = Math.max(0, ...keys.map(({ sender = "" }) => sender.length)) + 2;
  return [
    ...keys.map((key) => `${(key.sender ?? "").padEnd(width)}${keyText(key).padEnd(27)}${stateText(key)}`),
    ...roles.map((role) => `${(role.person ?? "").padEnd(width)}${roleText(role)}`),
    ...(roles.length === 0 ? ["no roles: every person may do everything"] : []),
  ];
}

export function keyText({ keyid = "", purpose }: KeyGrant): string {
  return `${PURPOSES[purpose ?? KeyPurpose.UNSPECIFIED]} ${shortId(keyid)}`;
}

/** "approver, risk; approves up to 50,000.00 USD" */
function roleText({ roles, approvesUpTo }: RoleGrant): string {
  const names = roles.map((role) => roleNames[role]).join(", ") || "nothing any more";
  const most = moneyFromWire(approvesUpTo);
  return most === undefined ? names : `${names}; approves up to ${amount(formatFixed(most))} ${most.currency}`;
}

export const roleNames: Readonly<Record<Role, string>> = {
  [Role.UNSPECIFIED]: "none",
  [Role.VIEWER]: "viewer",
  [Role.APPROVER]: "approver",
  [Role.RISK]: "risk",
  [Role.ADMIN]: "admin",
};

const PURPOSES: Readonly<Record<KeyPurpose, string>> = {
  [KeyPurpose.UNSPECIFIED]: "none",
  [KeyPurpose.ENVELOPE]: "envelopes",
  [KeyPurpose.PERMIT]: "permits",
  [KeyPurpose.APPROVAL]: "approvals",
  [KeyPurpose.VOTE]: "votes",
  [KeyPurpose.CHECKPOINT]: "checkpoints",
};

function saysText({ types }: KeyGrant): string {
  return [...new Set(types.map(({ type }) => type))].join(", ");
}

function stateText({ state, reason, validFromMs = 0n }: KeyGrant): string {
  const since = `since ${moment(Number(validFromMs), true)}`;
  if (state === KeyState.REVOKED) return `revoked, ${reason ?? ""}`;
  if (state === KeyState.PENDING) return "pending";
  return state === KeyState.VERIFY_ONLY ? `verifies only, ${since}` : `active, ${since}`;
}
