import { expect, it } from "vitest";
import { readOptions } from "./options.ts";

it("without a tag nothing is run: there are no images of no version", () => {
  expect(() => readOptions([], {})).toThrow(/--tag is missing/);
});

it("a kubeconfig that is named wins over the environment's", () => {
  const env = { KUBECONFIG: "/home/config" };
  expect(readOptions(["--tag", "1"], env).kubeconfig).toBe("/home/config");
  expect(readOptions(["--tag", "1", "--kubeconfig", "own"], env).kubeconfig).toBe("own");
});

it("network policies are asked for unless somebody says that there are none", () => {
  expect(readOptions(["--tag", "1"], {}).networkPolicy).toBe(true);
  expect(readOptions(["--tag", "1", "--no-network-policy"], {}).networkPolicy).toBe(false);
});

it("what cannot name a namespace, and an unknown option, are refused before anything is made", () => {
  expect(() => readOptions(["--tag", "1", "--namespace", "Two Words"], {})).toThrow(/no name/);
  expect(() => readOptions(["--tag", "1", "--fast"], {})).toThrow(/fast/);
});
