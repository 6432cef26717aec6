/**
 * `node scripts/ci/prepare.ts PACKAGE…`: Debian's or Ubuntu's packages that a job needs and a bare runner lacks. With `sudo` where it is needed;
 * what is installed already is left alone.
 */
import { run } from "../run.ts";
import { main, must } from "./program.ts";

const packages = process.argv.slice(2);
await main(async () => {
  const missing: string[] = [];
  for (const name of packages) {
    const { output } = await run("dpkg", ["--status", name]);
    if (!output.includes("install ok installed")) missing.push(name);
  }
  if (missing.length === 0) return;
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo"];
  const [program = "apt-get", ...before] = [...asRoot, "apt-get"];
  await must(program, [...before, "update", "--quiet"]);
  await must(program, [...before, "install", "--yes", "--no-install-recommends", ...missing]);
});
