// docs/first-strategy.md and docs/first-limit.md, as a reader follows them: their files written, their commands run, and what they say is so.
import { readFileSync } from "node:fs";
import { cloneFile } from "@countersign/platform";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Ended, Place } from "./support/command.ts";
import { readRun } from "./support/run-folder.ts";

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(() => place[Symbol.asyncDispose]());

it("docs/first-strategy.md ends in a trade with its reasons", async () => {
  const { file, ended } = await follow("docs/first-strategy.md", "ts");
  const [demo, why] = ended;
  const { facts } = readRun(place.runFolder(1));
  expect(facts.strategies.map(({ path }) => path)).toEqual([expect.stringMatching(new RegExp(`/${file}$`))]);
  // "The story of line 1: quote, opinion, limits, permit, order, fill."
  expect(demo?.out).toMatch(/^ #1 .* (BOUGHT|SOLD) /m);
  for (const step of ["quote", "signal", "intent", "policy", "permit", "order", "fill", "entry"])
    expect(why?.out).toMatch(new RegExp(`^[├└]─ ${step} `, "m"));
  expect(why?.out).toMatch(/^├─ signal +my-strategy@[0-9a-f]{12}: It has fallen too far within a week\./m);
}, 120_000);

it("docs/first-limit.md ends in a refused order and its reason", async () => {
  const { ended } = await follow("docs/first-limit.md", "json");
  const [demo, why] = ended;
  // "The number is the one the demo prints before the refusal", "the first order that is worth more than 10,000 USD".
  expect(demo?.out).toMatch(/^ #1 .* REFUSED .* order [\d,.]+ USD, limit 10,000 USD/m);
  expect(why?.out).toMatch(/^├?└?─ policy .*ORDER_NOTIONAL_LIMIT/m);
  expect(why?.out).toMatch(
    /✗ small orders .* reject when > 10000: order [\d,]+\.\d\d USD, limit 10,000 USD \(my first limit\)/,
  );

  // "And nobody can send it": no refused order was accepted by Execution.
  const { records, report } = readRun(place.runFolder(1));
  const intentsOf = (type: string) =>
    records.flatMap(({ body, payload }) => (body.type === type && "intentKey" in payload ? [payload.intentKey] : []));
  const [refused, accepted] = [intentsOf("order.rejected"), intentsOf("order.accepted")];
  expect(report.rejections.byRule["small orders"]).toBe(refused.length);
  expect(refused.length).toBeGreaterThan(0);
  expect(accepted.length).toBe(report.orders);
  expect(refused.filter((key) => accepted.includes(key))).toEqual([]);
}, 120_000);

/** Writes the page's file by the name that its command has for it, and runs its commands one after another. */
async function follow(page: string, language: string): Promise<{ file: string; ended: readonly Ended[] }> {
  const text = readFileSync(cloneFile(page), "utf8");
  const [content = ""] = blocksOf(text, language);
  const commands = blocksOf(text, "sh").flatMap((block) => block.trim().split("\n"));
  const argumentsOf = commands.map((command) => {
    expect(command).toMatch(/^\.\/countersign /);
    return command.replace(/#.*$/, "").trim().split(/\s+/).slice(1);
  });
  const file = argumentsOf.flat().find((word) => word.endsWith(`.${language}`)) ?? "";
  expect(text).toContain(`\`${file}\``);
  place.write(file, content);
  const ended: Ended[] = [];
  for (const args of argumentsOf) {
    const one = await place.run(args);
    expect([one.code, one.err], args.join(" ")).toEqual([0, ""]);
    ended.push(one);
  }
  expect(argumentsOf.map(([command]) => command)).toEqual(["demo", "why"]);
  return { file, ended };
}

function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, block = ""]) => block,
  );
}
