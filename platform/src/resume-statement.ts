/** A resume that waits for more persons, as a file that goes from hand to hand. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Signed, SignedSchema } from "@countersign/contracts";
import { InputError } from "./inputs.ts";

export interface ResumeStatementFile {
  readonly haltIds: readonly string[];
  readonly reason: string;
  /** All sign in the same one: with the next halt they are void. */
  readonly epoch: bigint;
  readonly signatures: readonly Signed[];
}

export function statementFile({ haltIds, reason, epoch, signatures }: ResumeStatementFile): string {
  const signed = signatures.map((one) => Buffer.from(toBinary(SignedSchema, one)).toString("base64"));
  return `${JSON.stringify({ haltIds, reason, epoch: String(epoch), signatures: signed }, null, 2)}\n`;
}

/** What is signed is for the validators to check. @throws InputError when it is no such file */
export function parseStatement(text: string, path: string): ResumeStatementFile {
  try {
    const { haltIds, reason, epoch, signatures } = JSON.parse(text);
    if (![haltIds, signatures].every(Array.isArray) || typeof reason !== "string")
      throw new Error("fields are missing");
    const signed = signatures.map((one: string) => fromBinary(SignedSchema, Buffer.from(one, "base64")));
    return { haltIds, reason, epoch: BigInt(epoch), signatures: signed };
  } catch (cause) {
    throw new InputError(
      "BAD_OPTION",
      `${path}: no resume that somebody has signed: make one with \`countersign resume\``,
      {
        cause,
      },
    );
  }
}
