/** What the processes of a cluster say of themselves at one moment, as a scrape reads it. */
export interface Sample {
  /** ms since 1970. */
  readonly atMs: number;
  readonly processes: ReadonlyMap<string, Held>;
}

export interface Held {
  /** Resident set, MB. */
  readonly rssMb: number;
  /** Sockets, timers and whatever else keeps a process alive. */
  readonly handles: number;
  /** Behind the broker, of its slowest topic, s; and the age of what it has committed and not published. */
  readonly lagSeconds: number;
  readonly outboxAgeSeconds: number;
}

/** @param pages of metrics, by process */
export function readSample(atMs: number, pages: ReadonlyMap<string, string>): Sample {
  const processes = [...pages].map(([name, page]) => {
    const held = {
      rssMb: sum(page, "process_resident_memory_bytes") / 2 ** 20,
      handles: sum(page, "nodejs_active_resources"),
      lagSeconds: Math.max(0, ...values(page, "countersign_lag_seconds")),
      outboxAgeSeconds: Math.max(0, ...values(page, "countersign_outbox_age_seconds")),
    };
    return [name, held] as const;
  });
  return { atMs, processes: new Map(processes) };
}

function sum(page: string, name: string): number {
  return values(page, name).reduce((total, value) => total + value, 0);
}

/** Of every series of the family. */
function values(page: string, name: string): readonly number[] {
  const lines = page.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.map((line) => Number(/ ([\d.e+-]+)(?: [\d.]+)?$/.exec(line.split(" # ")[0] ?? "")?.[1]));
}
