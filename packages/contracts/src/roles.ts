/** What a person may do, by role: this table and nothing else. Which persons have which roles stands in the control log. */
import { Role } from "./messages.ts";

/**
 * - `approve`: orders, up to the amount granted with the role
 * - `resume`: sign the opening of trading
 * - `change`: sign grants of keys, roles, and limits
 * - `revoke`: take a key away
 */
export type RoleRight = "approve" | "resume" | "change" | "revoke";

/** Taking away is as easy as a halt, so whoever may do anything may revoke. Whoever only looks may not. */
const rights: Readonly<Record<Role, readonly RoleRight[]>> = {
  [Role.UNSPECIFIED]: [],
  [Role.VIEWER]: [],
  [Role.APPROVER]: ["approve", "revoke"],
  [Role.RISK]: ["approve", "resume", "revoke"],
  [Role.ADMIN]: ["change", "revoke"],
};

/** Whether one of these roles has the right. A role that this release does not know has none. */
export function rolesAllow(roles: Iterable<Role>, right: RoleRight): boolean {
  for (const role of roles) if (rights[role]?.includes(right)) return true;
  return false;
}
