// Leaves one marked line of the product out as it is loaded, to prove that a test misses it. A preload for
// `node --import`. What to leave out comes in LEAVE_OUT, which nothing else reads: {"file", "mark", "receipt"}, where
// `file` is the real path of the source. A load that did leave the line out writes the mark to `receipt`; without that
// the suite does not believe the run. A file in which the mark does not end exactly one line ends the process with 86.
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

const NOT_LEFT_OUT = 86;
const { file, mark, receipt } = JSON.parse(process.env.LEAVE_OUT ?? "{}");

if (file === undefined || mark === undefined || receipt === undefined) {
  giveUp("LEAVE_OUT does not say which line to leave out");
}

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith("file:") || fileURLToPath(url) !== file) return loaded;
    if (loaded.source === null || loaded.source === undefined) giveUp(`${file} was loaded without its source`);
    const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
    const lines = source.split("\n");
    const marked = lines.flatMap((line, index) => (line.trimEnd().endsWith(` // ${mark}`) ? [index] : []));
    if (marked.length !== 1) giveUp(`${mark} ends ${marked.length} lines of ${file}`);
    appendFileSync(receipt, `${mark}\n`);
    // A blank line in its place keeps the line numbers of stack traces; types are stripped after this.
    return { ...loaded, source: lines.with(marked[0], "").join("\n") };
  },
});

function giveUp(reason) {
  console.error(`leave-out: ${reason}`);
  process.exit(NOT_LEFT_OUT);
}
