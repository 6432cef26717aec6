import fc from "fast-check";
import { expect, it } from "vitest";
import { parseExact, stringifyExact } from "./index.ts";

const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.bigInt(),
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z]\w{0,5}$/), tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

it("plain state with bigints comes back as it went", () => {
  fc.assert(
    fc.property(plain, (value) => {
      expect(parseExact(stringifyExact(value))).toEqual(value);
    }),
  );
});

it("refuses text that is no such JSON", () => {
  expect(() => parseExact("{")).toThrow(SyntaxError);
  expect(() => parseExact('{"$bigint":"1.5"}')).toThrow(SyntaxError);
});
