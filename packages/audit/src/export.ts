/** Writing the file. */
import { fromBinary } from "@bufbuild/protobuf";
import { BodySchema } from "@countersign/contracts";
import { AuditError } from "./error.ts";
import { writeLine } from "./lines.ts";
import { bodyBytesOf } from "./record.ts";

/**
 * Lines with their newlines: the envelopes of the log's records as they were delivered, in the order of their leaves, and the signed
 * checkpoints over them, the smallest first. Throws `BAD_RECORD`.
 */
export async function* exportAudit(
  envelopes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  checkpoints: readonly string[],
): AsyncGenerator<string> {
  let index = 0;
  for await (const envelope of envelopes) {
    yield `${writeLine({ kind: "record", index, topic: topicOf(envelope, index), envelope })}\n`;
    index++;
  }
  for (const note of checkpoints) yield `${writeLine({ kind: "checkpoint", note })}\n`;
}

function topicOf(envelope: Uint8Array, index: number): string {
  try {
    const { topic } = fromBinary(BodySchema, bodyBytesOf(envelope));
    if (topic !== undefined) return topic;
  } catch (cause) {
    throw new AuditError("BAD_RECORD", `what is to be record ${index} is no envelope`, { cause });
  }
  throw new AuditError("BAD_RECORD", `what is to be record ${index} has no topic`);
}
