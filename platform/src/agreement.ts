/**
 * Whether two versions of an agent say the same. Both read the same market, and a message's id follows from what caused it: so what one said
 * and the other would have said of one cause has one id, and the two are laid side by side.
 */

/** What is compared of a message. */
export interface Word {
  readonly msgId: string;
  /** Whose order matters: topic and key. */
  readonly about: string;
  /** What was said, as far as it has to be the same. */
  readonly says: string;
}

/**
 * - `same`, `differs`: both spoke of one cause
 * - `missing`: only who trades; `extra`: only the canary
 */
export type Verdict = "same" | "differs" | "missing" | "extra";

/** So long the other may take: it may be behind, and is not silent for it. */
const PATIENCE_MS = 60_000;

export class Agreement {
  readonly #nowMs: () => number;
  readonly #counts: Record<Verdict, number> = { same: 0, differs: 0, missing: 0, extra: 0 };
  readonly #waiting = { live: new Map<string, Waiting>(), canary: new Map<string, Waiting>() };
  /** What the canary has spoken of: its first word on anything says what stands, which who trades said long ago. */
  readonly #begun = new Set<string>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Who trades has said it. */
  live(word: Word): void {
    this.#meet(word, this.#waiting.live, this.#waiting.canary);
  }

  /** The canary would have said it. */
  canary(word: Word): void {
    const isFirst = !this.#begun.has(word.about);
    this.#begun.add(word.about);
    this.#meet(word, this.#waiting.canary, this.#waiting.live, isFirst);
  }

  get counts(): Readonly<Record<Verdict, number>> {
    this.#giveUp();
    return this.#counts;
  }

  #meet({ msgId, says }: Word, own: Map<string, Waiting>, others: Map<string, Waiting>, isFirst = false): void {
    const other = others.get(msgId);
    if (other === undefined) {
      own.set(msgId, { says, sinceMs: this.#nowMs(), counts: !isFirst });
      return;
    }
    others.delete(msgId);
    this.#counts[other.says === says ? "same" : "differs"]++;
  }

  #giveUp(): void {
    const before = this.#nowMs() - PATIENCE_MS;
    for (const [verdict, waiting] of [
      ["missing", this.#waiting.live],
      ["extra", this.#waiting.canary],
    ] as const)
      for (const [id, { sinceMs, counts }] of waiting) {
        if (sinceMs > before) break;
        waiting.delete(id);
        if (counts) this.#counts[verdict]++;
      }
  }
}

interface Waiting {
  readonly says: string;
  readonly sinceMs: number;
  readonly counts: boolean;
}
