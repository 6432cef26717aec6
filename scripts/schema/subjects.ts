/**
 * Which subjects there have to be. Named by Confluent's strategies: `<topic>-<message>` (TopicRecordNameStrategy) for what a topic or
 * a call carries, `<message>` (RecordNameStrategy) for what travels inside all of them as bytes.
 */
import type { DescMessage, Registry } from "@bufbuild/protobuf";
import * as contracts from "@countersign/contracts";
import { closureOf } from "./closure.ts";
import type { SubjectIndex } from "./subject-index.ts";

/** Messages that no topic and no call names: as bytes within others they have readers, signatures and digests of their own. */
const carried: readonly DescMessage[] = [
  contracts.SignedSchema, // the value of every record on the bus, both sides of every call
  contracts.BodySchema, // Signed.payload of an envelope
  contracts.PermitSchema, // Signed.payload of a permit
  contracts.ApprovalSchema, // Signed.payload of an approval
  contracts.VoteSchema, // Signed.payload of a vote
  contracts.ResumeStatementSchema, // Signed.payload of a person's word for a resume
  contracts.KeyStatementSchema, // Signed.payload of a person's word for a key
  contracts.ChangeStatementSchema, // … and for roles or limits
  contracts.OrderIntentSchema, // `intent` of commands, permits and refusals; its digest is D
  contracts.LogEntrySchema, // `entry` of votes and announcements; its digest chains the logs
];

/** The subjects that the catalogue and the envelope ask for. */
export function expectedSubjects(): string[] {
  const onTopics = contracts.topics.flatMap(({ topic, types }) => types.map(({ schema }) => [topic, schema] as const));
  const inCalls = contracts.calls.flatMap(({ call, request, answers }) =>
    [request, ...answers].map(({ schema }) => [call, schema] as const),
  );
  const named = [...onTopics, ...inCalls].map(([place, schema]) => `${place}-${schema.typeName}`);
  return [...new Set([...carried.map(({ typeName }) => typeName), ...named])].toSorted();
}

/** The full name of a subject's message. Neither a topic nor a message name can hold what stands between them twice. */
export function messageOf(subject: string): string {
  return subject.slice(subject.lastIndexOf("-") + 1);
}

/** Subjects without a type in the catalogue, and messages of `present` that no subject covers. */
export function coverageProblems(index: SubjectIndex, expected: readonly string[], present: Registry): string[] {
  const roots = expected.map((subject) => present.getMessage(messageOf(subject))).filter((root) => root !== undefined);
  const covered = new Set(roots.flatMap((root) => [...closureOf(root).keys()]));
  const orphaned = [...index.subjects.keys()].filter((subject) => !expected.includes(subject));
  const uncovered = [...present].filter(({ kind, typeName }) => kind === "message" && !covered.has(typeName));
  return [
    ...orphaned.map(
      (subject) =>
        `SUBJECT_ORPHANED  ${subject}: the catalogue has no such type: put it back, or take the row out of schema-registry/subjects.json`,
    ),
    ...uncovered.map(
      ({ typeName }) =>
        `MESSAGE_UNCOVERED  ${typeName}: no subject holds it: give it a row in the catalogue, or in scripts/schema/subjects.ts if it travels as bytes`,
    ),
  ];
}
