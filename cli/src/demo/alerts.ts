/** What agents warn of, one line each; what is warned of again and again is counted. */
export class Alerts {
  readonly #seen = new Map<string, number>();

  /** Whether it is new: the first of its kind from this agent. */
  hear(agent: string, code: string): boolean {
    const key = `${code} of ${agent}`;
    const before = this.#seen.get(key) ?? 0;
    this.#seen.set(key, before + 1);
    return before === 0;
  }

  /** Of the kinds that came more than once. */
  rest(): readonly string[] {
    return [...this.#seen].flatMap(([key, n]) => (n > 1 ? [`${key}: ${n} times in all`] : []));
  }
}
