/** An enrolment that waits for more persons, as a file that goes from hand to hand. It holds no secret. */
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { ChangedSchema, KeyGrantSchema, SignedSchema } from "@countersign/contracts";
import type { Enrolment, ToSign } from "./enrolment.ts";
import { InputError } from "./inputs.ts";

export function enrolmentFile({ platform, sender, keys, change }: Enrolment): string {
  const file = {
    platform,
    sender,
    keys: keys.map((key) => write(KeyGrantSchema, key)),
    change: change === undefined ? null : write(ChangedSchema, change),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** What is asked and signed is for the validators to check. @throws InputError when it is no such file, or meant for another platform */
export function parseEnrolment(text: string, path: string, platform: string): Enrolment {
  const enrolment = parsed(text, path);
  if (enrolment.platform !== platform)
    throw new InputError("BAD_OPTION", `${path}: asks the platform ${enrolment.platform}, this one is ${platform}`);
  return enrolment;
}

function parsed(text: string, path: string): Enrolment {
  try {
    const { platform, sender, keys, change } = JSON.parse(text);
    if (typeof platform !== "string" || typeof sender !== "string" || !Array.isArray(keys))
      throw new Error("fields are missing");
    const read = keys.map((key: unknown) => readOne(KeyGrantSchema, key));
    return { platform, sender, keys: read, change: change === null ? undefined : readOne(ChangedSchema, change) };
  } catch (cause) {
    const text = `${path}: no enrolment: make one with \`countersign keys new\``;
    throw new InputError("BAD_OPTION", text, { cause });
  }
}

function write<Desc extends DescMessage>(schema: Desc, { what, signatures }: ToSign<MessageShape<Desc>>) {
  return {
    what: base64(toBinary(schema, what)),
    signatures: signatures.map((signed) => base64(toBinary(SignedSchema, signed))),
  };
}

function readOne<Desc extends DescMessage>(schema: Desc, one: unknown): ToSign<MessageShape<Desc>> {
  const { what, signatures } = one as { readonly what: string; readonly signatures: readonly string[] };
  return {
    what: fromBinary(schema, Buffer.from(what, "base64")),
    signatures: signatures.map((signed) => fromBinary(SignedSchema, Buffer.from(signed, "base64"))),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
