import { describe, expect, it } from "vitest";
import { Agreement, type Word } from "./agreement.ts";

const word = (msgId: string, says = "long", about = "signals AAPL"): Word => ({ msgId, about, says });

describe("whether two versions agree", () => {
  it("counts what both said of one cause, whoever said it first, as the same or as differing", () => {
    const agreement = new Agreement(() => 0);
    agreement.live(word("1"));
    agreement.canary(word("1"));
    agreement.canary(word("2"));
    agreement.live(word("2"));
    agreement.live(word("3", "long"));
    agreement.canary(word("3", "short"));
    expect(agreement.counts).toEqual({ same: 2, differs: 1, missing: 0, extra: 0 });
  });

  it("counts what only one said after a minute, and not before: the other may be late", () => {
    let now = 0;
    const agreement = new Agreement(() => now);
    agreement.canary(word("0"));
    agreement.live(word("0"));
    agreement.live(word("1"));
    agreement.canary(word("2"));
    now = 59_999;
    expect(agreement.counts).toEqual({ same: 1, differs: 0, missing: 0, extra: 0 });
    now = 60_000;
    expect(agreement.counts).toEqual({ same: 1, differs: 0, missing: 1, extra: 1 });
    expect(agreement.counts).toEqual({ same: 1, differs: 0, missing: 1, extra: 1 });
  });

  it("takes the canary's first word on a symbol for what stands, and not for one too many", () => {
    let now = 0;
    const agreement = new Agreement(() => now);
    agreement.canary(word("1"));
    agreement.canary(word("2", "long", "signals SPX"));
    agreement.canary(word("3"));
    now = 60_000;
    expect(agreement.counts.extra).toBe(1);
  });
});
