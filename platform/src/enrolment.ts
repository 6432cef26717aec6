/**
 * An enrolment: the keys of one sender, each with the proof that he has it, and a person's roles; signed by one person after the other until
 * there are enough to propose it. Each key and the roles are an entry of their own: what broke off half way is proposed again as it was.
 */
import { create, equals } from "@bufbuild/protobuf";
import {
  type Changed,
  ChangedSchema,
  ChangeSchema,
  KeyChangeSchema,
  type KeyGrant,
  KeyPurpose,
  type Mode,
  type ProposeRequest,
  type Role,
  type RoleGrant,
  RoleGrantSchema,
  type Signed,
} from "@countersign/contracts";
import { type Money, moneyToWire } from "@countersign/orders";
import type { ControlState } from "@countersign/quorum";
import type { Authority } from "./authority.ts";
import { InputError } from "./inputs.ts";
import { grant, type Signers } from "./keys.ts";
import type { Person } from "./person.ts";
import { isPerson, purposesOf, saysOf } from "./senders.ts";

export interface Enrolment {
  /** The platform it is meant for, as its genesis names it. */
  readonly platform: string;
  readonly sender: string;
  readonly keys: readonly ToSign<KeyGrant>[];
  readonly role: ToSign<Changed> | undefined;
}

export interface ToSign<What> {
  readonly what: What;
  readonly signatures: readonly Signed[];
}

export interface EnrolmentFacts {
  readonly platform: string;
  readonly sender: string;
  readonly mode: Mode;
  readonly authority: Authority;
  /** Decision time from which the keys count. */
  readonly fromMs: number;
  /** Of a person. */
  readonly role?: RoleAsked;
}

export interface RoleAsked {
  readonly roles: readonly Role[];
  /** The largest order that the person may approve. */
  readonly approvesUpTo?: Money;
}

/** Asks for every key that the sender has, and nobody has signed it yet. @throws InputError where there is no such sender */
export function newEnrolment(signers: Signers, facts: EnrolmentFacts): Enrolment {
  const { platform, sender, mode, authority, fromMs, role } = facts;
  const says = saysOf(sender, role?.roles ?? [], authority);
  const person = role !== undefined;
  const keys = purposesOf(sender, authority).map((purpose) => {
    const asked = { sender, purpose, mode, fromMs, person };
    return unsigned(grant(signers, purpose === KeyPurpose.ENVELOPE ? { ...asked, says } : asked));
  });
  return { platform, sender, keys, role: role && roleOf(sender, role) };
}

/** Asks for other roles of a person who has keys. @throws InputError for a sender who is no person */
export function newRole(platform: string, sender: string, role: RoleAsked): Enrolment {
  if (!isPerson(sender)) throw new InputError("BAD_OPTION", `${sender}: no person: person:<name>`);
  return { platform, sender, keys: [], role: roleOf(sender, role) };
}

/** What of it is not in the control log yet: who goes on where something broke off asks for the rest. */
export function restOf(enrolment: Enrolment, { grants, roles }: Pick<ControlState, "grants" | "roles">): Enrolment {
  const isGranted = ({ what: { keyid } }: ToSign<KeyGrant>) => grants.some(({ grant }) => grant.keyid === keyid);
  const asked = askedRole(enrolment);
  const last = roles.findLast(({ person }) => person === asked?.person);
  const isGiven = asked !== undefined && last !== undefined && equals(RoleGrantSchema, asked, last);
  return {
    ...enrolment,
    keys: enrolment.keys.filter((key) => !isGranted(key)),
    role: isGiven ? undefined : enrolment.role,
  };
}

export function isEmpty({ keys, role }: Enrolment): boolean {
  return keys.length === 0 && role === undefined;
}

/**
 * With this person's signatures, once.
 * @param changes how many changes of roles the control log has: a role that was signed before the last of them is signed anew
 */
export function signEnrolment(enrolment: Enrolment, person: Person, changes: bigint): Enrolment {
  const { keys, role } = enrolment;
  const number = changes + 1n;
  const fresh = role?.what.number === number ? role : role && unsigned({ ...role.what, number });
  return {
    ...enrolment,
    keys: keys.map(({ what, signatures }) => ({ what, signatures: withOnce(signatures, person.signKey(what)) })),
    role: fresh && { ...fresh, signatures: withOnce(fresh.signatures, person.signChange(fresh.what)) },
  };
}

function withOnce(signatures: readonly Signed[], signed: Signed): readonly Signed[] {
  const isOf = (one: Signed) => one.signatures[0]?.keyid === signed.signatures[0]?.keyid;
  return [...signatures.filter((one) => !isOf(one)), signed];
}

/** How many keys have signed all of it; that they are persons, and which, is for the validators to say. */
export function signaturesOf({ keys, role }: Enrolment): number {
  const all = [...keys, ...(role === undefined ? [] : [role])];
  const counts = all.map(({ signatures }) => new Set(signatures.map((one) => one.signatures[0]?.keyid)).size);
  return Math.min(...counts);
}

/** What is proposed, in this order: the roles first, so that no key is ever in the hands of who has none. */
export function contentsOf({ keys, role }: Enrolment): readonly ProposeRequest["content"][] {
  const changed = role === undefined ? [] : [{ changed: role.what, signatures: [...role.signatures] }];
  return [
    ...changed.map((value) => ({ case: "change" as const, value: create(ChangeSchema, value) })),
    ...keys.map(({ what, signatures }) => ({
      case: "key" as const,
      value: create(KeyChangeSchema, { grant: what, signatures: [...signatures] }),
    })),
  ];
}

/** The role that is asked for, of a person. */
export function askedRole({ role }: Enrolment): RoleGrant | undefined {
  return role?.what.what.case === "role" ? role.what.what.value : undefined;
}

function roleOf(person: string, { roles, approvesUpTo }: RoleAsked): ToSign<Changed> {
  const value = create(RoleGrantSchema, {
    person,
    roles: [...roles],
    ...(approvesUpTo && { approvesUpTo: moneyToWire(approvesUpTo) }),
  });
  return unsigned(create(ChangedSchema, { what: { case: "role", value } }));
}

function unsigned<What>(what: What): ToSign<What> {
  return { what, signatures: [] };
}
