/** Resume: the one way to open trading, at the start as after a halt. Starting is hard: persons sign, and name what they release. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type FenceState,
  type Resume,
  type ResumeStatement,
  ResumeStatementSchema,
  type Signed,
} from "@countersign/contracts";
import { openPayload, type PayloadReading, type PipelineCode, type Signer, signPayload } from "@countersign/envelope";

/**
 * - `RESUMES_NOTHING`: no halt is named, or no reason
 * - `UNKNOWN_HALT`: a named halt is not in force
 * - `WRONG_STATEMENT`: a person signed something else: other halts, another reason, another epoch, another name
 * - `NOT_A_PERSON`: a signature of an agent
 * - `TOO_FEW_PERSONS`: fewer distinct persons than the genesis demands
 * - a pipeline code: a signature that does not verify
 */
export type ResumeCode =
  | "RESUMES_NOTHING"
  | "UNKNOWN_HALT"
  | "WRONG_STATEMENT"
  | "NOT_A_PERSON"
  | "TOO_FEW_PERSONS"
  | PipelineCode;

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
  const persons = new Set<string>();
  for (const signed of signatures) {
    const opened = openPayload(signed, "resume", reading);
    if (!opened.ok) return opened.code;
    if (!opened.key.person) return "NOT_A_PERSON";
    const statement = readStatement(opened.payload);
    if (statement?.person !== opened.key.sender || statement.epoch !== fence.epoch) return "WRONG_STATEMENT";
    if (statement.reason !== reason || statement.haltIds.join("\0") !== haltIds.join("\0")) return "WRONG_STATEMENT";
    persons.add(opened.key.sender);
  }
  return persons.size < personsMin ? "TOO_FEW_PERSONS" : undefined;
}

function readStatement(payload: Uint8Array): ResumeStatement | undefined {
  try {
    return fromBinary(ResumeStatementSchema, payload);
  } catch {
    return undefined;
  }
}
