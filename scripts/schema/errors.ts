export type SchemaErrorCode =
  | "BAD_OPTION" // the command line
  | "BAD_INDEX" // schema-registry/subjects.json is not what it should be
  | "NOT_COMPILED" // buf does not take the .proto files
  | "NOT_RELEASABLE" // what would be released breaks what has been
  | "UNREACHABLE" // nobody answers at the registry's address, or not in time
  | "NO_REGISTRY" // somebody answers, but not with the registry's API
  | "UNAUTHORISED" // 401, 403
  | "INCOMPATIBLE" // 409, or the registry's own compatibility test says no
  | "INVALID_SCHEMA" // 422
  | "UNEXPECTED_ANSWER"; // anything else

/** An expected failure of `npm run schema`. The message is one line and ends in the cure. */
export class SchemaError extends Error {
  readonly code: SchemaErrorCode;

  constructor(code: SchemaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SchemaError";
    this.code = code;
  }
}
