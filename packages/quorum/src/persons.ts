/** Persons who sign one statement each: what opens trading and what grants a key takes several of them. */
import type { RoleRight, Signed } from "@countersign/contracts";
import { mayDo, openPayload, type PayloadKind, type PayloadReading, type PipelineCode } from "@countersign/envelope";

/**
 * - `WRONG_STATEMENT`: a person signed something else, or in another's name
 * - `NOT_A_PERSON`: a signature of an agent
 * - `ROLE_MISSING`: a person whose roles do not have the right
 * - `TOO_FEW_PERSONS`: fewer distinct persons than are needed
 * - a pipeline code: a signature that does not verify
 */
export type PersonsCode = "WRONG_STATEMENT" | "NOT_A_PERSON" | "ROLE_MISSING" | "TOO_FEW_PERSONS" | PipelineCode;

/** Who has to have signed. */
export interface Demand {
  readonly personsMin: number;
  readonly kind: PayloadKind;
  readonly right: RoleRight;
}

/** @param personIn whose statement the payload is, if it says exactly what is meant */
export function checkPersons(
  signatures: readonly Signed[],
  { personsMin, kind, right }: Demand,
  reading: PayloadReading,
  personIn: (payload: Uint8Array) => string | undefined,
): PersonsCode | undefined {
  const persons = new Set<string>();
  for (const signed of signatures) {
    const opened = openPayload(signed, kind, reading);
    if (!opened.ok) return opened.code;
    if (!opened.key.person) return "NOT_A_PERSON";
    if (personIn(opened.payload) !== opened.key.sender) return "WRONG_STATEMENT";
    if (!mayDo(opened.key, right)) return "ROLE_MISSING"; // P03.role
    persons.add(opened.key.sender);
  }
  return persons.size < personsMin ? "TOO_FEW_PERSONS" : undefined;
}
