import type { Finding } from "@countersign/platform";
import { expect, it } from "vitest";
import { plain } from "../terminal/style.ts";
import { findingLine, verdictLine } from "./lines.ts";

const well: Finding = { check: "Node", verdict: "ok", says: "26.10.0", isNeeded: true };
const java: Finding = {
  check: "Java",
  verdict: "missing",
  says: "no java\n  runs here",
  cure: "apt-get install x",
  isNeeded: true,
};
const redis: Finding = { ...java, check: "Redis", isNeeded: false };
const letters: Finding = {
  check: "dead letters",
  verdict: "wrong",
  says: "2 waiting",
  cure: "./countersign dlq list",
  isNeeded: false,
};

it("a finding is one line, with its cure to copy at the end", () => {
  expect([well, java, redis, letters].map((finding) => findingLine(finding, plain))).toEqual([
    "ok       Node          26.10.0",
    "missing  Java          no java runs here   cure: apt-get install x",
    "missing  Redis         no java runs here (works without)   cure: apt-get install x",
    "wrong    dead letters  2 waiting (worth a look)   cure: ./countersign dlq list",
  ]);
});

it("the last line says what stands in the way", () => {
  expect(verdictLine([well, java, redis])).toBe("1 thing to cure: Java; 1 line above worth a look");
  expect(verdictLine([well, redis, letters])).toBe("all that is needed is there; 2 lines above worth a look");
  expect(verdictLine([well])).toBe("all that is needed is there");
});
