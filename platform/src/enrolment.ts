/**
 * An enrolment: the keys of one sender, each with the proof that he has it, a person's roles, or the limits that shall count; signed by one person after the other until
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
import { hex } from "@countersign/envelope";
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
  /** Of a person's roles, or of the limits. */
  readonly change: ToSign<Changed> | undefined;
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
  const person = isPerson(sender);
  const keys = purposesOf(sender, authority).map((purpose) => {
    const asked = { sender, purpose, mode, fromMs, person };
    return unsigned(grant(signers, purpose === KeyPurpose.ENVELOPE ? { ...asked, says } : asked));
  });
  return { platform, sender, keys, change: role && roleOf(sender, role) };
}

/** Asks for other roles of a person who has keys. @throws InputError for a sender who is no person */
export function newRole(platform: string, sender: string, role: RoleAsked): Enrolment {
  if (!isPerson(sender)) throw new InputError("BAD_OPTION", `${sender}: no person: person:<name>`);
  return { platform, sender, keys: [], change: roleOf(sender, role) };
}

/** Asks that these limits count. @param digest SHA-256 of the file, 32 bytes */
export function newLimits(platform: string, digest: Uint8Array): Enrolment {
  const change = create(ChangedSchema, { what: { case: "limits", value: { digest } } });
  return { platform, sender: LIMITS, keys: [], change: unsigned(change) };
}

/** What of it is not in the control log yet: who goes on where something broke off asks for the rest. */
export function restOf(enrolment: Enrolment, control: Pick<ControlState, "grants" | "roles" | "fence">): Enrolment {
  const { grants, roles, fence } = control;
  const isGranted = ({ what: { keyid } }: ToSign<KeyGrant>) => grants.some(({ grant }) => grant.keyid === keyid);
  const asked = askedRole(enrolment);
  const last = roles.findLast(({ person }) => person === asked?.person);
  const isGiven = asked !== undefined && last !== undefined && equals(RoleGrantSchema, asked, last);
  const limits = askedLimits(enrolment);
  const isDone = isGiven || (limits !== undefined && fence.limits === limits);
  return {
    ...enrolment,
    keys: enrolment.keys.filter((key) => !isGranted(key)),
    change: isDone ? undefined : enrolment.change,
  };
}

export function isEmpty({ keys, change }: Enrolment): boolean {
  return keys.length === 0 && change === undefined;
}

/**
 * With this person's signatures, once.
 * @param changes how many changes of roles and limits the control log has: what was signed before the last of them is signed anew
 */
export function signEnrolment(enrolment: Enrolment, person: Person, changes: bigint): Enrolment {
  const { keys, change } = enrolment;
  const number = changes + 1n;
  const fresh = change?.what.number === number ? change : change && unsigned({ ...change.what, number });
  return {
    ...enrolment,
    keys: keys.map(({ what, signatures }) => ({ what, signatures: withOnce(signatures, person.signKey(what)) })),
    change: fresh && { ...fresh, signatures: withOnce(fresh.signatures, person.signChange(fresh.what)) },
  };
}

function withOnce(signatures: readonly Signed[], signed: Signed): readonly Signed[] {
  const isOf = (one: Signed) => one.signatures[0]?.keyid === signed.signatures[0]?.keyid;
  return [...signatures.filter((one) => !isOf(one)), signed];
}

/** How many keys have signed all of it; that they are persons, and which, is for the validators to say. */
export function signaturesOf({ keys, change }: Enrolment): number {
  const all = [...keys, ...(change === undefined ? [] : [change])];
  const counts = all.map(({ signatures }) => new Set(signatures.map((one) => one.signatures[0]?.keyid)).size);
  return Math.min(...counts);
}

/** What is proposed, in this order: the roles first, so that no key is ever in the hands of who has none. */
export function contentsOf({ keys, change }: Enrolment): readonly ProposeRequest["content"][] {
  const changed = change === undefined ? [] : [{ changed: change.what, signatures: [...change.signatures] }];
  return [
    ...changed.map((value) => ({ case: "change" as const, value: create(ChangeSchema, value) })),
    ...keys.map(({ what, signatures }) => ({
      case: "key" as const,
      value: create(KeyChangeSchema, { grant: what, signatures: [...signatures] }),
    })),
  ];
}

/** The role that is asked for, of a person. */
export function askedRole({ change }: Enrolment): RoleGrant | undefined {
  return change?.what.what.case === "role" ? change.what.what.value : undefined;
}

/** The limits that are asked for: SHA-256 of the file, hex. */
export function askedLimits({ change }: Enrolment): string | undefined {
  return change?.what.what.case === "limits" ? hex(change.what.what.value.digest ?? new Uint8Array()) : undefined;
}

function roleOf(person: string, { roles, approvesUpTo }: RoleAsked): ToSign<Changed> {
  const value = create(RoleGrantSchema, {
    person,
    roles: [...roles],
    ...(approvesUpTo && { approvesUpTo: moneyToWire(approvesUpTo) }),
  });
  return unsigned(create(ChangedSchema, { what: { case: "role", value } }));
}

/** In the sender's place. */
const LIMITS = "limits";

function unsigned<What>(what: What): ToSign<What> {
  return { what, signatures: [] };
}
