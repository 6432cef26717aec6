/** What is in a file that may be replaced: who asks gets what is there now. */

/** So long an answer holds: who asks for each request reads the file once in it. */
const HELD_MS = 1_000;

/** Reads at once, and may throw then; later, what cannot be read is as it was. */
export function following<T>(read: () => T): () => T {
  let last = read();
  let readMs = performance.now();
  return () => {
    if (performance.now() - readMs < HELD_MS) return last;
    readMs = performance.now();
    try {
      last = read();
    } catch {
      // In the middle of being replaced, or replaced by what is none: whoever is refused with the old one says so.
    }
    return last;
  };
}
