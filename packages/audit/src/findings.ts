/** What verification finds wrong: data, one sentence each, with the line and what to do. */
import { type PipelineCode, pipelineCodes } from "@countersign/envelope";

export interface Finding {
  /** Of the file, from 1; 0 for the file as a whole. */
  readonly line: number;
  readonly code: FindingCode;
  /** What, which line, cure. */
  readonly text: string;
}

/** A pipeline code: the envelope is not authentic, or its signer was not allowed to say it. */
export type FindingCode = PipelineCode | keyof typeof cures;

export function finding(line: number, code: FindingCode, what: string): Finding {
  const where = line === 0 ? "the file" : `line ${line}`;
  return { line, code, text: `${where}: ${what}. ${cureOf(code)}` };
}

const ALTERED = "The file was changed after the export, or a record was forged: export it again and compare";
const LOST = "The log is honest about it, what it records is not whole: ask whoever runs the sender";

const cures = {
  /** No entry that could be the first of a control log. */
  NO_GENESIS: "Export the whole log: it begins with the control log's first entry",
  OTHER_GENESIS: "It is the log of another platform, or a forged one: compare the digest with the one you were given",
  BAD_GENESIS: ALTERED,
  BAD_KEY_CHANGE: ALTERED,
  WRONG_INDEX: ALTERED,
  NO_RECORD: "Market data and calls are no leaves: export the log again",
  UNEXPECTED_ATTACHMENT: ALTERED,
  BAD_ENTRY: ALTERED,
  NOT_CERTIFIED: "No entry counts without the votes of two validators: ask them for theirs",
  FORGED_PROPOSE: ALTERED,
  GAP: LOST,
  FORK: "One of the two is not what its sender told the others: ask whoever runs the sender",
  REPEATED: ALTERED,
  LOG_GAP: LOST,
  LOG_FORK: "The validators have certified two histories: stop trading and ask each of them for its log",
  NO_CHECKPOINT: "Export the log again: its last line is a signed checkpoint",
  MALFORMED_NOTE: ALTERED,
  BAD_NOTE_SIGNATURE: ALTERED,
  NO_KNOWN_SIGNATURE: ALTERED,
  UNKNOWN_SIGNATURE:
    "Remove nothing: a signature of a key that the genesis does not name says nothing, and must not look as if",
  NOT_COSIGNED:
    "The log alone vouches for it, and could have shown others another: export it again when the validators are there",
  NO_CHECKPOINT_TEXT: ALTERED,
  WRONG_ORIGIN: "It is a checkpoint of another log",
  WRONG_ROOT: ALTERED,
  WRONG_SIZE: "Records are missing at the end of the file, or checkpoints are not in order: export it again",
  UNCOVERED: "No checkpoint speaks for the last records: export the log again",
} as const;

const pipeline = new Set<string>(pipelineCodes);

function cureOf(code: FindingCode): string {
  return pipeline.has(code) ? ALTERED : cures[code as keyof typeof cures];
}
