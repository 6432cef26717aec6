/** Why trading was stopped, and who let it go on. */
import { fromBinary } from "@bufbuild/protobuf";
import {
  type EntryPosted,
  type ProposeRequest,
  ProposeRequestSchema,
  ResumeStatementSchema,
} from "@countersign/contracts";
import { readEntry } from "@countersign/quorum";
import { halted, nameOf } from "../told-words.ts";
import { votersOf } from "./entry.ts";
import { type Evidence, type Recorded, readRecord, type Said } from "./evidence.ts";
import { fact, UNKNOWN, type WhyStep } from "./node.ts";

/** The halt of this id, what it followed from, and the resume that named it. */
export function controlSteps(haltId: string, evidence: Evidence): readonly WhyStep[] {
  return evidence.records.flatMap((record) =>
    record.body.type === "control.entry"
      ? readProposes(record).flatMap((one) => stepsOf(one, record, haltId, evidence))
      : [],
  );
}

interface Proposed {
  readonly envelope: Said;
  readonly content: ProposeRequest["content"];
  readonly seq: bigint;
}

function stepsOf(
  { envelope, content, seq }: Proposed,
  posted: Recorded,
  haltId: string,
  evidence: Evidence,
): readonly WhyStep[] {
  const at = { atMs: Number(posted.body.sentAtMs), record: posted.body.msgId };
  const entry = fact("control entry", `${seq}, voted for by ${votersOf(posted.attached)}`);
  if (content.case === "halt" && content.value.haltId === haltId) {
    const { level, scope, reason, by } = content.value;
    const who = fact("proposed by", envelope.sender);
    const halt: WhyStep = {
      step: "halt",
      text: `${halted(level, scope) || UNKNOWN}, by ${nameOf(by ?? UNKNOWN)}: ${reason || UNKNOWN}`,
      ...at,
      facts: [entry, who, fact("halt", haltId)],
    };
    return [...causeSteps(envelope, evidence), halt];
  }
  if (content.case === "resume" && content.value.haltIds.includes(haltId)) {
    const { haltIds, reason, signatures } = content.value;
    const persons = signatures.map(({ payload }) => personOf(payload));
    const text = `trading goes on, signed by ${persons.map(nameOf).join(", ") || UNKNOWN}: ${reason || UNKNOWN}`;
    return [{ step: "resume", text, ...at, facts: [entry, ...haltIds.map((id) => fact("releases", id))] }];
  }
  return [];
}

/** A halt that a rule tripped follows from a record; a person's follows from nothing. */
function causeSteps({ causationId }: Said, { records }: Evidence): readonly WhyStep[] {
  const cause = records.find(({ body }) => body.msgId === causationId);
  if (cause === undefined) return [];
  const { payload, body } = cause;
  const said = "explanation" in payload && typeof payload.explanation === "string" ? `: ${payload.explanation}` : "";
  const text = `it follows from ${body.type} of ${body.sender}${said}`;
  return [{ step: "cause", text, atMs: Number(body.sentAtMs), record: body.msgId }];
}

function readProposes({ payload }: Recorded): readonly Proposed[] {
  const entry = readEntry((payload as EntryPosted).entry ?? new Uint8Array());
  return (entry?.proposes ?? []).flatMap((bytes) => {
    const record = readRecord(bytes);
    if (entry === undefined || record?.payload.$typeName !== ProposeRequestSchema.typeName) return [];
    return [{ envelope: record.body, content: (record.payload as ProposeRequest).content, seq: entry.seq }];
  });
}

function personOf(payload: Uint8Array | undefined): string {
  try {
    return fromBinary(ResumeStatementSchema, payload ?? new Uint8Array()).person ?? UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
