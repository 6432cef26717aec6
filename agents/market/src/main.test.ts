import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { KeyPurpose, KeyState, Mode, TypeGrantSchema, topics } from "@countersign/contracts";
import {
  deriveSigner,
  isUuidV7,
  Keyring,
  makeGrant,
  type Opened,
  openCounts,
  openEnvelope,
} from "@countersign/envelope";
import { parseInstruments } from "@countersign/orders";
import { describe, expect, it } from "vitest";
import { canvas } from "../canvas.ts";
import type { MarketEvent } from "./core/events.ts";
import { simulateDay } from "./core/simulate.ts";
import { type FeedOptions, type Release, sealedFeed } from "./main.ts";

const spot = {
  currency: "USD",
  quantityScale: 0,
  lot: "1",
  feeBps: "0",
  tradingDaysPerYear: 260,
  tradingHoursPerDay: 24,
};
const instruments = parseInstruments([
  { ...spot, symbol: "EURUSD", priceScale: 5, tick: "0.00001", halfSpread: "0.00006", topSize: "1000000" },
  { ...spot, symbol: "XAUUSD", priceScale: 3, tick: "0.001", halfSpread: "0.15", topSize: "1000" },
]);
const startMs = Date.UTC(2026, 0, 5);
const day: readonly MarketEvent[] = [...simulateDay({ seed: 7n, startMs, instruments, quotesPerSymbol: 300 })];
const signer = deriveSigner(new Uint8Array(32).fill(7), "market");

/** A keyring that grants the market what its canvas asks for. */
function keyring(): Keyring {
  const keys = new Keyring();
  const wrong = keys.grant(
    makeGrant(
      {
        sender: canvas.agent,
        person: false,
        purpose: KeyPurpose.ENVELOPE,
        modes: [Mode.REPLAY],
        types: canvas.publishes.flatMap(({ topic, types }) =>
          types.map((type) => create(TypeGrantSchema, { topic, type })),
        ),
        validFromMs: 0n,
        validUntilMs: BigInt(startMs + 86_400_000),
        state: KeyState.ACTIVE,
      },
      signer,
    ),
  );
  if (wrong !== undefined) throw new Error(wrong);
  return keys;
}

async function* inPortions(events: readonly MarketEvent[], size: number): AsyncGenerator<readonly MarketEvent[]> {
  for (let from = 0; from < events.length; from += size) yield events.slice(from, from + size);
}

async function feed(events: readonly MarketEvent[], portion = 100, options: Partial<FeedOptions> = {}) {
  const batches: (readonly Release[])[] = [];
  for await (const batch of sealedFeed(inPortions(events, portion), { signer, instruments, ...options }))
    batches.push(batch);
  return batches;
}

function open({ bytes }: Release, keys: Keyring): Opened {
  const opened = openEnvelope(bytes, keys);
  if (!opened.ok) throw new Error(opened.code);
  return opened;
}

const digest = (releases: readonly Release[]) =>
  releases.reduce((hash, { bytes }) => hash.update(bytes), createHash("sha256")).digest("hex");

describe("sealedFeed", () => {
  it("makes the same bytes of the same trace, however the source cuts it", async () => {
    const once = (await feed(day)).flat();
    expect(once).toHaveLength(day.length);
    for (const portion of [1, 7, 256, day.length]) expect(digest((await feed(day, portion)).flat())).toBe(digest(once));
    const other = day.map((event, n) => (n === 400 && event.kind === "quote" ? { ...event, askSize: 1 } : event));
    expect(digest((await feed(other)).flat())).not.toBe(digest(once));
  });

  it("releases every event in its order, with the topic, key and time it is published under", async () => {
    const releases = (await feed(day)).flat();
    const keys = keyring();
    for (const [n, event] of day.entries()) {
      const { body } = open(releases[n]!, keys);
      expect(releases[n]).toMatchObject({
        timeMs: event.timeMs,
        kind: event.kind,
        topic: body.topic,
        key: event.symbol,
      });
      expect(body.key).toBe(event.symbol);
      expect(body.sentAtMs).toBe(BigInt(event.timeMs));
      expect(topics.find(({ topic }) => topic === body.topic)?.delivery).toBe("market");
    }
  });

  it("counts seq per topic and key from 1 without a gap, and never gives an id twice", async () => {
    const keys = keyring();
    const seen = new Map<string, bigint>();
    const ids = new Set<string>();
    for (const release of (await feed(day)).flat()) {
      const { body } = open(release, keys);
      const stream = `${body.topic} ${body.key}`;
      expect(body.seq).toBe((seen.get(stream) ?? 0n) + 1n);
      seen.set(stream, body.seq ?? 0n);
      ids.add(body.msgId);
      expect(isUuidV7(body.msgId)).toBe(true);
      expect(Number.parseInt(body.msgId.replaceAll("-", "").slice(0, 12), 16)).toBe(release.timeMs);
    }
    expect(ids.size).toBe(day.length);
    expect(seen.get("market.quotes.v1 XAUUSD")).toBe(300n);
    expect(seen.get("market.quotes.v1 EURUSD")).toBe(300n);
  });

  it("signs 256 at a time, and what is left at the end", async () => {
    // Without the first event: a head that this process has verified for another test would not be verified again.
    const events = day.slice(1);
    const batches = await feed(events);
    const rest = events.length % 256;
    expect(batches.map(({ length }) => length)).toEqual([...Array(Math.floor(events.length / 256)).fill(256), rest]);
    const keys = keyring();
    const before = openCounts().verified;
    for (const release of batches.flat()) open(release, keys);
    expect(openCounts().verified).toBe(before + batches.length);
  });

  it("seals what is waiting when the source ends, one alone too, and nothing of an empty source", async () => {
    expect((await feed(day.slice(0, 5), 2, { batchSize: 2 })).map(({ length }) => length)).toEqual([2, 2, 1]);
    const [[only] = []] = await feed(day.slice(0, 1));
    expect(open(only!, keyring()).body.seq).toBe(1n);
    expect(await feed([])).toEqual([]);
  });

  it("is refused with any byte flipped: in the body by its signature, elsewhere by name too", async () => {
    const [batch] = await feed(day);
    const keys = keyring();
    const { bytes } = batch![100]!;
    const { bodyBytes } = open(batch![100]!, keys);
    const bodyAt = Buffer.from(bytes).indexOf(bodyBytes);
    const codes = new Set<string>();
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Uint8Array.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      const refusal = openEnvelope(flipped, keys);
      const code = refusal.ok ? "opened" : refusal.code;
      codes.add(code);
      if (at >= bodyAt && at < bodyAt + bodyBytes.length) expect([at, code]).toEqual([at, "BAD_SIGNATURE"]);
    }
    expect([...codes].sort()).toEqual(["BAD_SIGNATURE", "MALFORMED", "UNKNOWN_KEY"]);
  });

  it("is refused by who does not know the market's key", async () => {
    const [[release] = []] = await feed(day.slice(0, 1));
    expect(openEnvelope(release!.bytes, new Keyring())).toMatchObject({ ok: false, code: "UNKNOWN_KEY" });
  });
});
