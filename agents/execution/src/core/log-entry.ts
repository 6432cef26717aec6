import { fromBinary } from "@bufbuild/protobuf";
import {
  BodySchema,
  type LogEntry,
  LogEntrySchema,
  type ProposeRequest,
  ProposeRequestSchema,
  SignedSchema,
} from "@countersign/contracts";

/** Undefined when the bytes are no entry of a log. */
export function readLogEntry(bytes: Uint8Array): LogEntry | undefined {
  return attempt(() => fromBinary(LogEntrySchema, bytes));
}

/** What the proposals of an entry say. Whether they may say it was voted upon; what cannot be read is left out. */
export function readProposals(entry: LogEntry): readonly ProposeRequest[] {
  return entry.proposes.flatMap((bytes) => attempt(() => readProposal(bytes)) ?? []);
}

function readProposal(bytes: Uint8Array): ProposeRequest {
  const { payload } = fromBinary(SignedSchema, bytes);
  const body = fromBinary(BodySchema, payload ?? NOTHING);
  return fromBinary(ProposeRequestSchema, body.payload ?? NOTHING);
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const NOTHING = new Uint8Array(0);
