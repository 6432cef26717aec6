import { expect, it } from "vitest";
import { murmur2, partitionOf } from "./partition.ts";

// Values of org.apache.kafka.common.utils.UtilsTest.testMurmur2.
const vectors: [string, number][] = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
];

it.each(vectors)("murmur2(%s) is what Java computes", (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

it("a partition is never negative", () => {
  for (const [text] of vectors)
    expect(partitionOf(Buffer.from(text), 7)).toBe((murmur2(Buffer.from(text)) & 0x7fffffff) % 7);
});
