/**
 * What persons change beside keys: a person's roles, the limits that count. Each is signed whole, with its number, by as many persons as a
 * resume needs who have the right; with any change in between it is void, so a signature is spent once.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Change,
  type Changed,
  ChangedSchema,
  ChangeStatementSchema,
  Role,
  type RoleGrant,
  rolesAllow,
  type Signed,
} from "@countersign/contracts";
import { type PayloadReading, type Signer, signPayload } from "@countersign/envelope";
import { sameBytes } from "./entry.ts";
import { checkPersons, type PersonsCode } from "./persons.ts";

/**
 * - `BAD_CHANGE`: it lacks a field, or has one out of its range
 * - `OLD_CHANGE`: its number is not the next one: something was changed since it was signed
 * - the codes of its persons
 */
export type ChangeCode = "BAD_CHANGE" | "OLD_CHANGE" | PersonsCode;

/** What a person signs: the whole change. */
export function signChange(changed: Changed, person: string, signer: Signer): Signed {
  const message = create(ChangeStatementSchema, { changed, person });
  return signPayload("change", toBinary(ChangeStatementSchema, message), signer);
}

/** Form, number and persons; what the change means for the rest is for the fold. */
export function checkChange(
  { changed, signatures }: Change,
  number: bigint,
  personsMin: number,
  reading: PayloadReading,
): ChangeCode | undefined {
  if (changed === undefined || !isWhole(changed)) return "BAD_CHANGE";
  if (changed.number !== number) return "OLD_CHANGE";
  const wanted = toBinary(ChangedSchema, changed);
  const who = { personsMin, kind: "change", right: "change" } as const;
  return checkPersons(signatures, who, reading, (payload) => personFor(payload, wanted));
}

/** A role grant that can be one: of a person, with roles that exist, each once. */
export function isRoleGrant({ person, roles, approvesUpTo }: RoleGrant): boolean {
  const known = roles.every((role) => role !== Role.UNSPECIFIED && Object.values<number>(Role).includes(role));
  const amount = approvesUpTo;
  const isAmount =
    amount === undefined || (amount.units !== undefined && amount.scale !== undefined && Boolean(amount.currency));
  return Boolean(person) && known && new Set(roles).size === roles.length && isAmount;
}

/** Whether persons are left who can change what was changed. Of each person the last grant counts. */
export function hasAdmins(roles: readonly RoleGrant[], personsMin: number): boolean {
  const last = new Map(roles.map(({ person, roles: of }) => [person, of]));
  return [...last.values()].filter((of) => rolesAllow(of, "change")).length >= personsMin;
}

function isWhole({ number, what }: Changed): boolean {
  if (number === undefined) return false;
  if (what.case === "role") return isRoleGrant(what.value);
  return what.case === "limits" && what.value.digest?.length === 32;
}

function personFor(payload: Uint8Array, wanted: Uint8Array): string | undefined {
  try {
    const { changed, person } = fromBinary(ChangeStatementSchema, payload);
    return changed !== undefined && sameBytes(toBinary(ChangedSchema, changed), wanted) ? person : undefined;
  } catch {
    return undefined;
  }
}
