/** Misuse by our own code, or data of ours that is not what it has to be. Whatever strangers send is refused, not thrown. */
export class EnvelopeError extends Error {
  readonly code: EnvelopeErrorCode;

  constructor(code: EnvelopeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EnvelopeError";
    this.code = code;
  }
}

/**
 * - `BAD_SEED`: a seed is 32 bytes
 * - `BAD_PUBLIC_KEY`: a public key is 32 bytes
 * - `BAD_BODY`: a body to be sealed has a field out of its range, or lacks one
 * - `BAD_ID`: what a message id is made from cannot be told apart from something else
 * - `BAD_JSON`: not the JSON form of an envelope
 * - `UNREADABLE_PAYLOAD`: the payload of a verified body is not of its type
 */
export type EnvelopeErrorCode =
  | "BAD_SEED"
  | "BAD_PUBLIC_KEY"
  | "BAD_BODY"
  | "BAD_ID"
  | "BAD_JSON"
  | "UNREADABLE_PAYLOAD";
