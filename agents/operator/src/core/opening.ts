/** The opening of trading: a resume of the halt that the platform is born with. Pure: the persons signed before. */
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  type FenceState,
  Log,
  type ProposeRequest,
  ProposeRequestSchema,
  ResumeSchema,
  type ResumeStatement,
  ResumeStatementSchema,
  type Signed,
} from "@countersign/contracts";
import { opIdOf } from "@countersign/quorum";

/** What the persons said beforehand. */
export interface Consent {
  readonly reason: string;
  /** Each a Signed ResumeStatement of one person. */
  readonly signatures: readonly Signed[];
  /** As the genesis demands. */
  readonly personsNeeded: number;
}

export type Opening =
  | { readonly ok: true; readonly request: ProposeRequest; readonly persons: readonly string[] }
  /** `TOO_FEW_PERSONS`: fewer persons than needed have signed for this halt, reason and epoch. */
  | { readonly ok: false; readonly code: "TOO_FEW_PERSONS"; readonly text: string };

/** Whether trading is closed because the platform was born so. */
export function isUnopened(fence: FenceState): boolean {
  return fence.halts.some(({ id }) => id === BIRTH);
}

/** The proposal, with the signatures that speak for it and no others. Whether they verify is for the validators, who hold the keys. */
export function openingFor(fence: FenceState, { reason, signatures, personsNeeded }: Consent): Opening {
  const fitting = new Map<string, Signed>();
  for (const signed of signatures) {
    const statement = readStatement(signed);
    if (statement?.epoch !== fence.epoch || statement.reason !== reason) continue;
    if (statement.haltIds.length !== 1 || statement.haltIds[0] !== BIRTH || !statement.person) continue;
    fitting.set(statement.person, signed);
  }
  const persons = [...fitting.keys()];
  if (persons.length < personsNeeded)
    return { ok: false, code: "TOO_FEW_PERSONS", text: `${persons.length} of ${personsNeeded} persons have signed` };
  const resume = create(ResumeSchema, { haltIds: [BIRTH], reason, signatures: [...fitting.values()] });
  const content = { case: "resume", value: resume } as const;
  const opId = opIdOf({ content }) ?? "";
  return { ok: true, request: create(ProposeRequestSchema, { opId, log: Log.CONTROL, content }), persons };
}

const BIRTH = "birth";

function readStatement({ payload }: Signed): ResumeStatement | undefined {
  try {
    return payload === undefined ? undefined : fromBinary(ResumeStatementSchema, payload);
  } catch {
    return undefined;
  }
}
