/**
 * `npm run bypass -- [--without MARK… | --each]`: a thief with every credential but Policy's, and then with Policy's, tries every door of a running
 * cluster. With a mark, his attempts at what it checks are tried with that line left out, and it is said what stands behind it.
 */
import { parseOptions } from "../../scripts/options.ts";
import { root } from "../../scripts/run.ts";
import { findMarks } from "../marks.ts";
import { isTried, trial, trialOfMarks } from "./trial.ts";

const { values } = parseOptions({
  options: { each: { type: "boolean", default: false }, without: { type: "string", multiple: true, default: [] } },
});
const marks = findMarks(root).marks.filter(isTried);
const unknown = values.without.find((name) => !marks.some((mark) => mark.name === name));
if (unknown !== undefined) {
  console.error(`${unknown}: no check that is tried here has this mark: ${marks.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
if (values.each || values.without.length > 0)
  await trialOfMarks(values.each ? marks : marks.filter(({ name }) => values.without.includes(name)), console.log);
else {
  const findings = await trial(console.log);
  console.log(`${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
