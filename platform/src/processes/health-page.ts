/** What a process says of itself by HTTP: `/healthz`, `/readyz`, `/metrics` at its address of `spec.health`. */

export interface Answer {
  readonly ok: boolean;
  /** Its one line; of who did not answer, why not. */
  readonly why: string;
  /** Whether anybody answered at all. */
  readonly heard: boolean;
}

export async function ask(address: string, page: "/healthz" | "/readyz", timeoutMs: number): Promise<Answer> {
  try {
    const response = await fetch(`http://${address}${page}`, { signal: AbortSignal.timeout(timeoutMs) });
    return { ok: response.ok, why: (await response.text()).trim(), heard: true };
  } catch (error) {
    return { ok: false, why: reasonOf(error, timeoutMs), heard: false };
  }
}

/** Samples by name, labels left in: `countersign_lag_seconds{topic="…"}`. Undefined where nobody serves them. */
export async function metricsOf(address: string, timeoutMs: number): Promise<ReadonlyMap<string, number> | undefined> {
  try {
    const response = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(timeoutMs) });
    return response.ok ? parseMetrics(await response.text()) : undefined;
  } catch {
    return undefined;
  }
}

/** The text format of Prometheus, one sample a line. */
export function parseMetrics(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name, value] = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) ([^ ]+)/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && !Number.isNaN(Number(value))) samples.set(name, Number(value));
  }
  return samples;
}

/** The largest sample of a family; undefined where it has none. */
export function largest(samples: ReadonlyMap<string, number>, family: string): number | undefined {
  const found = [...samples].filter(([name]) => name === family || name.startsWith(`${family}{`));
  return found.length === 0 ? undefined : Math.max(...found.map(([, value]) => value));
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
