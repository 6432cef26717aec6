import { describe, expect, it } from "vitest";
import * as paper from "./index.ts";
import * as program from "./program/index.ts";

describe("the public face", () => {
  it("is this list, of the core and of the wire", () => {
    expect(Object.keys(paper).sort()).toEqual(["PaperVenue", "Tally", "fromNewOrder", "toNewOrder", "toQuote"]);
  });

  it("is this list, of the program", () => {
    expect(Object.keys(program).sort()).toEqual([
      "ExchangeError",
      "busFeed",
      "linesFeed",
      "readAccounts",
      "startExchange",
    ]);
  });
});
