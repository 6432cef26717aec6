// One bit of a sealed quote flipped on its way, for a few quotes of a summer: every reader refuses those bytes by name, and the day goes on
// as if those quotes had never been.
import { createHash } from "node:crypto";
import type { Refused } from "@countersign/contracts";
import { openCounts, pipelineCodes, sealCount } from "@countersign/envelope";
import { type Embedded, type RunResult, readRecord } from "@countersign/platform";
import { Prng, uniform } from "@countersign/quant";
import { beforeAll, describe, expect, it } from "vitest";
import { auditBodies, runDayInMemory } from "../support/day.ts";

const summer = { from: "2015-07-15", to: "2015-09-15" };
/** All that read quotes through the pipeline. Validators read them, too: what is not authentic is no quote to them. */
const readers = ["compliance", "execution", "hedger", "policy", "portfolio", "signal"];
const FLIPS = 8;
/** Of the window, fewer than there are. */
const QUOTES = 340;

const seed = BigInt(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));

type Release = Parameters<Embedded["release"]>[0];
type Deed = (event: Release) => Release | undefined;

describe(`bits flipped in some quotes, SEED=${seed}`, () => {
  const prng = new Prng(seed);
  const victims = new Set(Array.from({ length: FLIPS }, () => Math.floor(uniform(prng) * QUOTES)));
  const flipped: { readonly bytes: Uint8Array; readonly msgId: string }[] = [];
  const dead = new Map<string, string[]>();
  const refused: { readonly by: string; readonly refusal: Refused }[] = [];
  let before = countsNow();
  let withFlips: Ran;
  let without: Ran;

  const flip: Deed = (event) => {
    const bytes = new Uint8Array(event.bytes);
    const at = Math.floor(uniform(prng) * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(uniform(prng) * 8));
    flipped.push({ bytes, msgId: readRecord(event.bytes)?.body.msgId ?? "" });
    return { ...event, bytes };
  };
  beforeAll(async () => {
    withFlips = await run(victims, flip, {
      onReady: (embedded) => {
        before = countsNow();
        for (const reader of readers) tapDeadLetters(embedded, reader, dead);
      },
      onRecord: (by, refusal) => refused.push({ by, refusal }),
    });
    without = await run(victims, () => undefined, {});
  });

  it("each is refused by each reader, on record, with a code, the place and the digest of the bytes", () => {
    expect(flipped.length).toBe(victims.size);
    for (const { bytes } of flipped) {
      const subject = createHash("sha256").update(bytes).digest("hex");
      const about = refused.filter(({ refusal }) => refusal.subject === subject);
      expect(about.map(({ by }) => by).toSorted()).toEqual(readers);
      for (const { refusal } of about) {
        expect([refusal.place, refusal.type]).toEqual(["pipeline", "market.quotes.v1"]);
        expect(pipelineCodes).toContain(refusal.code);
      }
    }
    expect(refused.length).toBe(flipped.length * readers.length);
  });

  it("the bytes lie among each reader's dead letters as they came", () => {
    const bytes = flipped.map((one) => Buffer.from(one.bytes).toString("hex"));
    for (const reader of readers) expect(dead.get(reader)).toEqual(bytes);
  });

  it("not one record names one of them", () => {
    const names = flipped.map(({ msgId }) => Buffer.from(msgId));
    expect(withFlips.bodies.length).toBeGreaterThan(100);
    for (const body of withFlips.bodies) for (const name of names) expect(body.includes(name)).toBe(false);
    for (const { msgId } of flipped) expect(withFlips.quotesNamed.has(msgId)).toBe(false);
  });

  it("every other envelope that was sealed was opened, once", () => {
    const { sealed, opened, refused } = withFlips.counts;
    expect(refused - before.refused).toBe(flipped.length);
    expect(opened + refused).toBe(sealed);
  });

  it("the ledger is the one of a day without those quotes", () => {
    expect(withFlips.ledger.length).toBeGreaterThan(10);
    expect(withFlips.ledger).toEqual(without.ledger);
  });
});

type Ran = Awaited<ReturnType<typeof run>>;

interface Watching {
  readonly onReady?: (embedded: Embedded) => void;
  readonly onRecord?: (by: string, refusal: Refused) => void;
}

/** The deed is done to these quotes, counted from the opening; to undefined it is: it never comes. */
async function run(victims: ReadonlySet<number>, deed: Deed, { onReady, onRecord }: Watching) {
  const collect = async (result: RunResult) => ({
    bodies: (await auditBodies(result)).map((hex) => Buffer.from(hex, "hex")),
    quotesNamed: result.quotesNamed,
    ledger: result.ledger.map(({ entryDigest }) => entryDigest),
    counts: countsNow(),
  });
  let quotes = 0;
  const hooks = {
    onReady(embedded: Embedded) {
      onReady?.(embedded);
      const { release } = embedded;
      Object.assign(embedded, {
        release: async (event: Release) => {
          const done = event.kind === "quote" && victims.has(quotes++) ? deed(event) : event;
          if (done !== undefined) await release(done);
        },
      });
    },
    onRecord({ body, payload }: { body: { type: string; sender: string }; payload: object }) {
      if (body.type === "decision.refused") onRecord?.(body.sender, payload as Refused);
    },
  };
  return runDayInMemory({ ...summer, hooks }, collect);
}

function tapDeadLetters({ bus }: Embedded, reader: string, dead: Map<string, string[]>): void {
  dead.set(reader, []);
  void bus.subscribe(
    {
      topics: [`market.quotes.v1.${reader}.dlq`],
      as: { kind: "every", name: "test" },
      from: "earliest",
      maxInFlightBytes: 8_000_000,
      maxProcessingMs: 30_000,
    },
    ({ records }) => {
      dead.get(reader)?.push(...records.map(({ value }) => Buffer.from(value).toString("hex")));
      return { through: records.at(-1)!.offset };
    },
  );
}

/** Of this process, which runs nothing else. */
function countsNow() {
  const { opened, refused } = openCounts();
  return { sealed: sealCount(), opened, refused };
}
