import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { command, market } from "../test/world.ts";
import { checkLink, emptyChain, type Link, nextLink } from "./chain.ts";
import { type Sealed, seal } from "./seal.ts";

/** `count` records, each naming the one before. */
function records(count: number, intent = "ALLOCATE"): Sealed[] {
  let chain = emptyChain;
  return Array.from({ length: count }, () => {
    const next = nextLink(chain, command({ intent }));
    chain = next.chain;
    return seal(next.body, market);
  });
}

function linkOf({ body, digest }: Sealed): Link {
  if (body.seq === undefined || body.prev === undefined) throw new Error("no record");
  return { seq: body.seq, prev: body.prev, digest };
}

const links = records(5).map(linkOf);

/** The chain after the first `count` links. */
function chainAfter(count: number) {
  return links.slice(0, count).reduce((chain, link) => {
    const result = checkLink(chain, link);
    if (!result.ok) throw new Error(result.code);
    return result.chain;
  }, emptyChain);
}

describe("a chain", () => {
  it("begins at 1 after 32 zero bytes, and each link fits the one before", () => {
    expect(links[0]).toMatchObject({ seq: 1n, prev: new Uint8Array(32) });
    expect(chainAfter(5)).toEqual({ seq: 5n, prev: links[4]?.digest });
  });

  it("tells a repetition, a gap and a fork, wherever it stands", () => {
    const other = records(5, "OTHER").map(linkOf);
    fc.assert(
      fc.property(fc.nat(5), fc.nat(4), (length, index) => {
        const chain = chainAfter(length);
        const code = (link: Link | undefined) => {
          const result = link && checkLink(chain, link);
          return result?.ok ? "ok" : result?.code;
        };
        expect(code(links[index])).toBe(index === length ? "ok" : index > length ? "GAP" : "REPEATED");
        if (index === length - 1) expect(code(other[index])).toBe("FORK");
        if (index === length && index > 0) expect(code(other[index])).toBe("FORK");
      }),
    );
  });
});
