/**
 * `node scripts/ci/required.ts`: the one result that a branch may ask for. NEEDS holds the results of all jobs, as GitHub has them; a job that
 * was not run counts as failed, unless it is one of those that run on the main branch alone and this is not it (MAIN_ONLY, IS_MAIN).
 */
const needs = JSON.parse(process.env.NEEDS ?? "{}") as Readonly<Record<string, { readonly result: string }>>;
const mainOnly = (process.env.MAIN_ONLY ?? "").split(" ").filter((name) => name !== "");
const isMain = process.env.IS_MAIN === "true";

const names = Object.keys(needs);
const failed = names.filter((name) => {
  const result = needs[name]?.result;
  return result !== "success" && !(result === "skipped" && mainOnly.includes(name) && !isMain);
});
for (const name of names) console.log(`${name}: ${needs[name]?.result}`);
if (names.length === 0) console.error("required: NEEDS names no job");
if (failed.length > 0) console.error(`FAILED  ${failed.join(", ")}`);
process.exitCode = names.length > 0 && failed.length === 0 ? 0 : 1;
