import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvFile } from "./csv.ts";

describe("a CSV file", () => {
  it("is what RFC 4180 says: CRLF, quotes where they are needed, and doubled within", () => {
    const rows = [
      ["a,b", 'say "no"'],
      ["two\nlines", ""],
      ["é", { number: "-1.50" }],
    ] as const;
    expect(csvFile(["text", "more"], rows)).toBe('text,more\r\n"a,b","say ""no"""\r\n"two\nlines",\r\né,-1.50\r\n');
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "\n", "\uff1d1", "=cmd|' /C calc'!A0"])(
    "gives a spreadsheet no formula: %j",
    (text) => {
      const [[cell = ""] = []] = parse(csvFile(["text"], [[text]])).slice(1);
      expect(cell).toBe(`'${text}`);
    },
  );

  it("reads back as it was written, whatever anybody wrote", () => {
    const cell = fc.oneof(fc.string(), fc.constantFrom('"', ",", "\r\n", '",=1+1,"', "'"));
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 8 }), (rows) => {
        const read = parse(csvFile(["a", "b", "c"], rows));
        expect(read.length).toBe(rows.length + 1);
        for (const [n, row] of rows.entries())
          expect(read[n + 1]?.map((text, at) => (text === row[at] ? text : text.slice(1)))).toEqual(row);
        for (const text of read.flat()) expect(text).not.toMatch(/^\s*[=+\-@]/);
      }),
    );
  });

  it("has no number that is none, and no row of another width", () => {
    for (const number of ["", "1e3", "=1", "1,5", "--1"])
      expect(() => csvFile(["n"], [[{ number }]])).toThrow("broken invariant");
    expect(() => csvFile(["a", "b"], [["a"]])).toThrow("broken invariant");
  });
});

/** RFC 4180, character by character. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const [char, next] = [text[at] ?? "", text[at + 1]];
    if (isQuoted && char === '"' && next === '"') {
      cell += char;
      at++;
    } else if (char === '"') isQuoted = !isQuoted;
    else if (isQuoted) cell += char;
    else if (char === ",") {
      rows.at(-1)?.push(cell);
      cell = "";
    } else if (char === "\r" && next === "\n") {
      rows.at(-1)?.push(cell);
      rows.push([]);
      cell = "";
      at++;
    } else cell += char;
  }
  return rows.slice(0, -1);
}
