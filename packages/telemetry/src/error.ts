export type TelemetryErrorCode = "BAD_OPTION" | "PORT_TAKEN" | "PORT_FORBIDDEN" | "FILE_UNUSABLE";

/** What keeps telemetry from being set up. Once it runs, it fails in silence and counts what it lost. */
export class TelemetryError extends Error {
  readonly code: TelemetryErrorCode;

  constructor(code: TelemetryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TelemetryError";
    this.code = code;
  }
}
