/** When an event of the trace is due on the wall, so that the whole window takes as long as it should. */
export interface Pace {
  /** Wall milliseconds of one millisecond of the trace. */
  readonly ratio: number;
  /** From here on: moved whenever time has stood still. */
  readonly anchor: { readonly wallMs: number; readonly atMs: number };
}

export function paceOf(
  window: { readonly fromMs: number; readonly toMs: number },
  seconds: number,
  wallMs: number,
): Pace {
  const spanMs = Math.max(1, window.toMs - window.fromMs);
  return { ratio: (seconds * 1000) / spanMs, anchor: { wallMs, atMs: window.fromMs } };
}

export function dueMs({ ratio, anchor }: Pace, atMs: number): number {
  return anchor.wallMs + (atMs - anchor.atMs) * ratio;
}

/** Goes on from this moment, as if it were due now. */
export function reanchor(pace: Pace, wallMs: number, atMs: number): Pace {
  return { ...pace, anchor: { wallMs, atMs } };
}
