import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeJson, encodeJson } from "./codec.ts";

it("gives back bigints and bytes, nested and as Buffers", () => {
  const value = fc.oneof(
    fc.bigInt(),
    fc.uint8Array(),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constant(null),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.array(value)), (state) => {
      const back = decodeJson(encodeJson(state));
      expect(encodeJson(back)).toBe(encodeJson(state));
    }),
  );
  expect(decodeJson(encodeJson({ a: Buffer.from("ab") }))).toEqual({ a: new Uint8Array([97, 98]) });
});

it("refuses a number that is not finite: it would come back as null", () => {
  expect(() => encodeJson({ x: Number.NaN })).toThrow("not finite");
});
