/** `node scripts/ci/promote.ts FROM TO`: gives an environment the images of the one before it, all of them; prints what changes. */
import { appendFileSync } from "node:fs";
import { ENVIRONMENTS, imagePath, isEnvironment, readImages, writeImages } from "./images.ts";

const [from, to] = process.argv.slice(2);
if (!isEnvironment(from) || !isEnvironment(to) || ENVIRONMENTS.indexOf(to) !== ENVIRONMENTS.indexOf(from) + 1) {
  console.error(`promote: say dev staging, or staging prod, and not ${from ?? "nothing"} ${to ?? ""}`);
  process.exit(2);
}
const images = readImages(from);
if (images === undefined) {
  console.error(`${imagePath(from)}: there is no image to promote`);
  process.exit(1);
}
const before = readImages(to);
const changed = before?.commit !== images.commit;
writeImages(to, images);
console.log(`${to}: ${changed ? `${before?.commit ?? "nothing"} → ${images.commit}` : `has ${images.commit} already`}`);
if (process.env.GITHUB_OUTPUT)
  appendFileSync(process.env.GITHUB_OUTPUT, `changed=${changed}\ncommit=${images.commit.slice(0, 12)}\n`);
