import { type Chain, emptyChain, sha256 } from "@countersign/envelope";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  breakText,
  type ChainBreak,
  type ChainFold,
  type ChainLink,
  type Chains,
  foldLink,
  vouchedHeads,
} from "./chains.ts";

const id = { sender: "policy", topic: "risk.policy.v1", key: "main" };

/** A chain of `length` links; `salt` makes another one of the same shape. */
function linksOf(length: number, salt = "", of = id): ChainLink[] {
  let end: Chain = emptyChain;
  return Array.from({ length }, (_, n) => {
    const link = { ...of, seq: end.seq + 1n, prev: end.prev, digest: sha256(Buffer.from(`${of.key} ${salt} ${n}`)) };
    end = { seq: link.seq, prev: link.digest };
    return link;
  });
}

function foldAll(links: readonly ChainLink[], before: Chains = {}) {
  const seen = new Set<string>();
  const breaks: ChainBreak[] = [];
  const kinds: ChainFold["kind"][] = [];
  let chains = before;
  for (const link of links) {
    const hex = Buffer.from(link.digest).toString("hex");
    const fold = foldLink(chains, link, () => seen.has(hex));
    seen.add(hex);
    kinds.push(fold.kind);
    if (fold.kind === "broken") breaks.push(fold.problem);
    if (fold.kind !== "known") chains = fold.chains;
  }
  return { chains, breaks, kinds };
}

describe("the fold of all chains", () => {
  it("follows each chain by itself", () => {
    const others = linksOf(2, "", { ...id, key: "other" });
    const [a, b, c] = linksOf(3) as [ChainLink, ChainLink, ChainLink];
    const { breaks, chains } = foldAll([a, others[0]!, b, others[1]!, c]);
    expect(breaks).toEqual([]);
    expect(vouchedHeads(chains)).toEqual([
      { ...id, seq: 3n },
      { ...id, key: "other", seq: 2n },
    ]);
  });

  it("names a gap once, goes on behind it, and vouches for nothing that follows", () => {
    const links = linksOf(9);
    const { breaks, chains } = foldAll([0, 1, 4, 5, 8].map((n) => links[n]!));
    expect(breaks).toEqual([
      { ...id, code: "GAP", expected: 3n, got: 5n },
      { ...id, code: "GAP", expected: 7n, got: 9n },
    ]);
    expect(vouchedHeads(chains)).toEqual([{ ...id, seq: 2n }]);
    expect(breakText(breaks[0]!)).toBe(
      "a gap in the chain of policy on risk.policy.v1 for main: seq 3 was next, seq 5 came",
    );
  });

  it("a chain that does not begin at 1 is vouched for not at all", () => {
    const { breaks, chains } = foldAll(linksOf(3).slice(1));
    expect(breaks).toEqual([{ ...id, code: "GAP", expected: 1n, got: 2n }]);
    expect(vouchedHeads(chains)).toEqual([]);
  });

  it.each([
    ["in the place of the last link", [0, 1, 2], 2, 4n, 3n],
    ["in the place of an earlier link", [0, 1, 2], 0, 4n, 1n],
    ["as the next link, after another body", [0, 1], 2, 3n, 3n],
  ])("another body %s is a fork", (_, before, at, expected, got) => {
    const links = linksOf(4);
    const { breaks, chains } = foldAll([...before.map((n) => links[n]!), linksOf(4, "forged")[at]!]);
    expect(breaks).toEqual([{ ...id, code: "FORK", expected, got }]);
    expect(vouchedHeads(chains)).toEqual([{ ...id, seq: expected - 1n }]);
  });

  it("the same body again is known, last or earlier", () => {
    const links = linksOf(3);
    const { kinds, chains } = foldAll([...links, links[2]!, links[0]!]);
    expect(kinds).toEqual(["linked", "linked", "linked", "known", "known"]);
    expect(vouchedHeads(chains)).toEqual([{ ...id, seq: 3n }]);
  });

  it("every link that is left out is named, and no other", () => {
    const plan = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(plan, (kept) => {
        const { breaks } = foldAll(linksOf(kept.length).filter((_, n) => kept[n]));
        const named = breaks.flatMap(({ expected, got }) =>
          Array.from({ length: Number(got - expected) }, (_, n) => Number(expected) + n - 1),
        );
        const last = kept.lastIndexOf(true);
        expect(named).toEqual(kept.flatMap((isKept, n) => (isKept || n > last ? [] : [n])));
      }),
    );
  });
});
