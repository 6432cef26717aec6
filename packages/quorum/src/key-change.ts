/**
 * Changes of keys. Granting one is as hard as opening trading: whoever could enrol a person of his own making would be two persons. Taking
 * one away is as easy as a halt: any person may who has a role.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type KeyChange,
  type KeyGrant,
  KeyGrantSchema,
  KeyState,
  KeyStatementSchema,
  type Signed,
} from "@countersign/contracts";
import { type PayloadReading, type Signer, signPayload } from "@countersign/envelope";
import { sameBytes } from "./entry.ts";
import { checkPersons, type PersonsCode } from "./persons.ts";

/** What a person signs: the whole grant. It can be changed so once, so the statement is spent with it. */
export function signKeyChange(grant: KeyGrant, person: string, signer: Signer): Signed {
  return signPayload("key", toBinary(KeyStatementSchema, create(KeyStatementSchema, { grant, person })), signer);
}

export function checkKeyChange(
  { grant, signatures }: KeyChange,
  personsMin: number,
  reading: PayloadReading,
): PersonsCode | "BAD_PROPOSE" | undefined {
  if (grant === undefined) return "BAD_PROPOSE";
  if (grant.state === KeyState.REVOKED) return undefined;
  const wanted = toBinary(KeyGrantSchema, grant);
  const who = { personsMin, kind: "key", right: "change" } as const;
  return checkPersons(signatures, who, reading, (payload) => personFor(payload, wanted));
}

function personFor(payload: Uint8Array, wanted: Uint8Array): string | undefined {
  try {
    const { grant, person } = fromBinary(KeyStatementSchema, payload);
    return grant !== undefined && sameBytes(toBinary(KeyGrantSchema, grant), wanted) ? person : undefined;
  } catch {
    return undefined;
  }
}
