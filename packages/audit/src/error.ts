/** Expected failures of this package. What a verified file gets wrong is no error but a finding: see findings.ts. */
export class AuditError extends Error {
  readonly code: AuditErrorCode;

  constructor(code: AuditErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AuditError";
    this.code = code;
  }
}

/**
 * - `BAD_NOTE`: a text or a key name that cannot stand in a signed note
 * - `BAD_CHECKPOINT`: no origin, size or root of a checkpoint
 * - `BAD_FILE`: the bytes are no UTF-8 text whose last line is ended
 * - `BAD_LINE`: a line of the file is no record and no checkpoint, or is written in another way than the exporter writes it
 * - `BAD_RECORD`: bytes that are to be exported are no envelope
 * - `NO_SUCH_RECORD`: a proof is asked for a record, or a size, that the file does not have
 */
export type AuditErrorCode = "BAD_NOTE" | "BAD_CHECKPOINT" | "BAD_FILE" | "BAD_LINE" | "BAD_RECORD" | "NO_SUCH_RECORD";
