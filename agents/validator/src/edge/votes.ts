import { fromBinary } from "@bufbuild/protobuf";
import { type Signed, SignedSchema } from "@countersign/contracts";
import type { LogRecord } from "@countersign/quorum";

export function votesOf({ votes }: Pick<LogRecord, "votes">): Signed[] {
  return votes.map((vote) => fromBinary(SignedSchema, vote));
}
