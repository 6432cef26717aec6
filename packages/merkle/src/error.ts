/** Expected failures of this package. A proof that does not verify is no error: the verifiers answer `false`. */
export class MerkleError extends Error {
  readonly code: MerkleErrorCode;

  constructor(code: MerkleErrorCode, message: string) {
    super(message);
    this.name = "MerkleError";
    this.code = code;
  }
}

/**
 * - `OUT_OF_RANGE`: the log holds no such leaf, or no tree of that size
 * - `BAD_HASH`: something that has to be a 32-byte hash is not
 * - `BAD_SNAPSHOT`: the number of hashes in a frontier's snapshot does not fit its size
 */
export type MerkleErrorCode = "OUT_OF_RANGE" | "BAD_HASH" | "BAD_SNAPSHOT";
