/**
 * `node scripts/ci/scan.ts DIR`: every image archive of a folder, by Trivy: a flaw that has a mend and is high or worse, or a secret, fails it.
 * Flaws without a mend are printed. A database that cannot be had is a failure, not a pass.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { main, must } from "./program.ts";

const [dir = "dist"] = process.argv.slice(2);
await main(async () => {
  const archives = readdirSync(dir).filter((name) => name.endsWith(".tar"));
  if (archives.length === 0) throw new Error(`${dir}: no image archive is there: npm run images -- --out ${dir}`);
  for (const archive of archives) {
    const input = ["--input", join(dir, archive)];
    await must("trivy", ["image", ...input, "--scanners", "vuln", "--severity", "HIGH,CRITICAL", "--exit-code", "0"]);
    const mended = ["--severity", "HIGH,CRITICAL", "--ignore-unfixed", "--exit-code", "1", "--quiet"];
    await must("trivy", ["image", ...input, "--scanners", "vuln,secret", ...mended]);
  }
  console.log(`${archives.length} images: nothing high that has a mend, and no secret`);
});
