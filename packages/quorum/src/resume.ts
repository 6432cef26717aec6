/** Resume: the one way to open trading, at the start as after a halt. Starting is hard: persons sign, and name what they release. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type FenceState,
  type Resume,
  type ResumeStatement,
  ResumeStatementSchema,
  type Signed,
} from "@countersign/contracts";
import { type PayloadReading, type Signer, signPayload } from "@countersign/envelope";
import { checkPersons, type PersonsCode } from "./persons.ts";

/**
 * - `RESUMES_NOTHING`: no halt is named, or no reason
 * - `UNKNOWN_HALT`: a named halt is not in force
 * - the codes of its persons: each signs halts, reason, epoch and name
 */
export type ResumeCode = "RESUMES_NOTHING" | "UNKNOWN_HALT" | PersonsCode;

/** What a person signs. It names the epoch it was made in: with the next halt it is void. */
export function signResume(
  statement: {
    readonly haltIds: readonly string[];
    readonly reason: string;
    readonly epoch: bigint;
    readonly person: string;
  },
  signer: Signer,
): Signed {
  const message = create(ResumeStatementSchema, { ...statement, haltIds: [...statement.haltIds] });
  return signPayload("resume", toBinary(ResumeStatementSchema, message), signer);
}

export function checkResume(
  resume: Resume,
  fence: FenceState,
  personsMin: number,
  reading: PayloadReading,
): ResumeCode | undefined {
  const { haltIds, reason, signatures } = resume;
  if (haltIds.length === 0 || !reason) return "RESUMES_NOTHING";
  if (!haltIds.every((id) => fence.halts.some((halt) => halt.id === id))) return "UNKNOWN_HALT";
  const who = { personsMin, kind: "resume", right: "resume" } as const;
  return checkPersons(signatures, who, reading, (payload) => {
    const statement = readStatement(payload);
    const isMeant =
      statement?.epoch === fence.epoch &&
      statement.reason === reason &&
      statement.haltIds.join("\0") === haltIds.join("\0");
    return isMeant ? statement.person : undefined;
  });
}

function readStatement(payload: Uint8Array): ResumeStatement | undefined {
  try {
    return fromBinary(ResumeStatementSchema, payload);
  } catch {
    return undefined;
  }
}
