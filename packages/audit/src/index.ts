// For the writer of the log.
export { breakText, type ChainBreak, type ChainHead, type ChainId } from "./chains.ts";
export {
  auditOrigin,
  type CheckpointText,
  cosignerName,
  formatCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from "./checkpoint.ts";
export { AuditError, type AuditErrorCode } from "./error.ts";
export { exportAudit } from "./export.ts";
export type { Finding, FindingCode } from "./findings.ts";
// For whoever checks it.
export { auditLines } from "./lines.ts";
export { emptyLog, type FoldedRecord, foldRecord, headOf, type LogHead, type LogState, takeCheckpoint } from "./log.ts";
export {
  cosignNote,
  type KnownSignature,
  type NoteCode,
  type NoteSignature,
  type OpenedNote,
  openNote,
  signNote,
} from "./note.ts";
export { cosignerKey, formatNoteKey, type NoteKey, type NoteKeyKind, noteKey, parseNoteKey } from "./note-key.ts";
export {
  type ConsistencyProof,
  formatConsistency,
  formatProof,
  type InclusionProof,
  proveConsistency,
  proveInclusion,
  type WhichRecord,
} from "./proof.ts";
export { type BodyOfRecord, bodyBytesOf, leafOf } from "./record.ts";
export { type Expected, type Verdict, verifyAudit } from "./verify.ts";
// For whoever cosigns.
export { checkpointKey, edgeRoot, type Growth, type WitnessCode, type Witnessed, witness } from "./witness.ts";
