export type CacheErrorCode =
  | "BAD_URL" // no address of a Redis
  | "BAD_PLATFORM" // no name for the keys of one platform
  | "BAD_LIMIT" // a limit that allows nothing, or everything
  | "BAD_COST"; // a cost that this limit could never meet

/** A misuse, and the only thing that is ever thrown here: what Redis does or holds is answered, counted, and never thrown. */
export class CacheError extends Error {
  readonly code: CacheErrorCode;

  constructor(code: CacheErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "CacheError";
    this.code = code;
  }
}
