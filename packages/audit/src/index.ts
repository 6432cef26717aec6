// For the writer of the log.
export { breakText, type ChainBreak, type ChainHead, type ChainId } from "./chains.ts";
export { auditOrigin, type CheckpointText, formatCheckpoint, parseCheckpoint, signCheckpoint } from "./checkpoint.ts";
export { AuditError, type AuditErrorCode } from "./error.ts";
export { exportAudit } from "./export.ts";
export type { Finding, FindingCode } from "./findings.ts";
// For whoever checks it.
export { auditLines } from "./lines.ts";
export { emptyLog, type FoldedRecord, foldRecord, headOf, type LogHead, type LogState, takeCheckpoint } from "./log.ts";
export {
  cosignNote,
  formatNoteKey,
  type NoteCode,
  type NoteKey,
  type NoteSignature,
  noteKey,
  type OpenedNote,
  openNote,
  parseNoteKey,
  signNote,
} from "./note.ts";
export { formatProof, type InclusionProof, proveInclusion, type WhichRecord } from "./proof.ts";
export { type BodyOfRecord, bodyBytesOf, leafOf } from "./record.ts";
export { type Expected, type Verdict, verifyAudit } from "./verify.ts";
