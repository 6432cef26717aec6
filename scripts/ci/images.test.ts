import { expect, test } from "vitest";
import { DEPLOYED, formatImages, parseImages } from "./images.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
const whole = {
  commit: "0123456789abcdef0123456789abcdef01234567",
  digests: Object.fromEntries(DEPLOYED.map((name) => [name, digest])),
};

test("what is written of a release is read as the same release", () => {
  expect(parseImages(formatImages(whole), "image.yaml")).toEqual(whole);
});

test("an environment without images has no release", () => {
  expect(parseImages("# none yet\nprocesses: {}\n", "image.yaml")).toBeUndefined();
});

test("a release that lacks an image, or has a tag for one, is none", () => {
  const { policy: _, ...others } = whole.digests;
  expect(() => formatImages({ ...whole, digests: others })).toThrow("no digest of policy");
  expect(() => formatImages({ ...whole, digests: { ...others, policy: "v1.2.3" } })).toThrow("no digest of policy");
});

test("a release of which nobody knows the sources is none", () => {
  expect(() => formatImages({ ...whole, commit: "main" })).toThrow("main is no commit");
  const text = formatImages(whole).replace(/^# commit .*\n/m, "");
  expect(() => parseImages(text, "image.yaml")).toThrow("does not say which commit");
});
