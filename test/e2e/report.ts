/** A line for each step, with seconds; the figures at the end. */
export class Report {
  readonly #begun = performance.now();
  readonly #figures: (readonly [string, string])[] = [];
  readonly #said = new Set<unknown>();
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void = console.log) {
    this.#write = write;
  }

  /** @throws what the step throws, after it was said */
  async step<T>(
    title: string,
    act: () => Promise<T>,
    says: (result: T) => string | undefined = () => undefined,
  ): Promise<T> {
    const begun = performance.now();
    try {
      const result = await act();
      const detail = says(result);
      this.#write(`${this.#seconds(begun)}  ok    ${title}${detail === undefined ? "" : `: ${detail}`}`);
      return result;
    } catch (error) {
      this.#said.add(error);
      this.#write(`${this.#seconds(begun)}  FAIL  ${title}: ${error instanceof Error ? error.message : error}`);
      throw error;
    }
  }

  /** What went wrong, unless its step has said it. */
  failed(error: unknown): void {
    if (!this.#said.has(error)) this.#write(`FAIL  ${error instanceof Error ? (error.stack ?? error.message) : error}`);
  }

  /** What was left out, and why. */
  notRun(title: string, why: string): void {
    this.#write(`            NOT RUN  ${title}: ${why}`);
    this.figure(title, `not run: ${why}`);
  }

  figure(name: string, value: string): void {
    this.#figures.push([name, value]);
  }

  end(): void {
    const width = Math.max(...this.#figures.map(([name]) => name.length));
    this.#write("");
    for (const [name, value] of this.#figures) this.#write(`${name.padEnd(width)}  ${value}`);
  }

  #seconds(begun: number): string {
    const now = performance.now();
    const at = (ms: number) => (ms / 1_000).toFixed(1);
    return `${at(now - this.#begun).padStart(6)} s ${`+${at(now - begun)}`.padStart(7)}`;
  }
}

/** As figures say it. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
