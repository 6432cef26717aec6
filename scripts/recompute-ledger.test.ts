import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decimal, nano } from "./recompute-ledger/decimal.ts";
import { Fills } from "./recompute-ledger/from-fills.ts";
import type { Booking, Entry, Fill, Identity } from "./recompute-ledger/ledger-file.ts";
import { root, run } from "./run.ts";

const recorded = join(root, "platform/test/fixtures/run");
const market = join(root, "markets/aapl-spx-1d.csv.gz");

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-recompute-"));
  cpSync(recorded, dir, { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true }));

function recompute(...traces: readonly string[]) {
  return run("node", [join(root, "scripts/recompute-ledger.ts"), dir, ...traces]);
}

/** Everything as a test may change it. */
type Loose<T> = T extends object ? { -readonly [Name in keyof T]: Loose<T[Name]> } : T;

function alter(change: (bookings: Loose<Booking>[], entries: Loose<Entry>[]) => void): void {
  const path = join(dir, "ledger.jsonl");
  const entries: Loose<Entry>[] = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  change(
    entries.flatMap(({ proposes }) => proposes).filter(({ fills }) => fills !== undefined),
    entries,
  );
  writeFileSync(path, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
}

describe("the ledger of a recorded run", () => {
  it("adds up, and its prices stand in the trace", async () => {
    const { code, output } = await recompute(market);
    expect(output).toMatch(/^(\d+) entries, 1 deposits, \d+ fills, \d+ marks; (\d+) of \2 prices found in the trace$/m);
    expect(output).toMatch(/^the money identity holds after every entry: equity \d+\.\d\d USD$/m);
    expect(code).toBe(0);
  });

  it.each<[string, string, (bookings: Loose<Booking>[], entries: Loose<Entry>[]) => void]>([
    ["a cent more in one posting", "in money:USD sum to 0.01", ([first]) => add(first!.postings[0]!, "amount", "0.01")],
    [
      "a cent moved from the fees to what the position cost",
      "the postings' balance of fees is 1.99, recomputed 2.00",
      ([first]) => {
        add(postingOf(first!, "fees"), "amount", "-0.01");
        add(postingOf(first!, "positions:AAPL"), "amount", "0.01");
      },
    ],
    [
      "a share fewer in a fill",
      "the postings' holdings of AAPL is 400.00, recomputed 399.00",
      ([first]) => {
        first!.fills![0]!.lastQty.units = "399";
      },
    ],
    [
      "another commission",
      "the postings' balance of fees is 2.00, recomputed 2.01",
      ([first]) => {
        first!.fills![0]!.commission.units = "201";
      },
    ],
    [
      "a mark one tick higher",
      "stated positionValue is 48480.00, recomputed 48484.00",
      ([first]) => {
        first!.marks[0]!.price.units = "12121";
      },
    ],
    ["no mark", "an open position has no mark", ([first]) => void first!.marks.pop()],
    [
      "another equity",
      "stated equity is 99990.01, recomputed 99990.00",
      ([first]) => add(identityOf(first!), "equity", "0.01"),
    ],
    [
      "no identity",
      "it names no identity",
      ([first]) => {
        delete first!.identity;
      },
    ],
    [
      "a profit that nobody made",
      "stated realised is 2449.00, recomputed 2448.00",
      ([, second]) => add(identityOf(second!), "realised", "1"),
    ],
    ["an entry that is gone", "it follows", (_, entries) => void entries.splice(2, 1)],
    ["an entry twice", "is booked a second time", (_, entries) => void entries.push(entries.at(-1)!)],
  ])("with %s does not", async (_, problem, change) => {
    alter(change);
    const { code, output } = await recompute();
    expect(output).toContain(problem);
    expect(output).toMatch(/^entry \d+: /m);
    expect(output).toMatch(/^\d+ problems: equity /m);
    expect(code).toBe(1);
  });

  it("with another report beside it does not", async () => {
    const { entryDigest } = readLast();
    const said = { deposits: "100000.00", realised: "2448.00", fees: "7.81", ledgerHead: entryDigest };
    writeFileSync(join(dir, "report.json"), JSON.stringify(said));
    expect(await recompute()).toMatchObject({ code: 0 });
    writeFileSync(join(dir, "report.json"), JSON.stringify({ ...said, fees: "7.80", ledgerHead: "00" }));
    const { code, output } = await recompute();
    expect(output).toContain("report.json says fees 7.80, recomputed 7.81");
    expect(output).toContain("report.json names the ledger head 00");
    expect(code).toBe(1);
  });
});

describe("prices that add up and never were", () => {
  it("a mark with everything that follows from it", async () => {
    alter(([first]) => {
      first!.marks[0]!.price.units = "12130";
      for (const name of ["positionValue", "unrealised", "equity"] as const) add(identityOf(first!), name, "40.00");
    });
    expect(await recompute()).toMatchObject({ code: 0 });
    const { code, output } = await recompute(market);
    expect(output).toContain(
      "entry 2: AAPL, long, is marked at 121.30, but the trace has 121.20 / 121.22 at 2015-07-10T",
    );
    expect(code).toBe(1);
  });

  it("a fill whose price the trace does not have", async () => {
    const trace = changedTrace((line) => line.replace(/^(2015-07-10,AAPL,[\d.]+,[\d.]+),121\.21/, "$1,121.20"));
    const { code, output } = await recompute(trace);
    expect(output).toContain("entry 2: AAPL bought at 121.22, but the trace has 121.19 / 121.21 at 2015-07-10T");
    expect(code).toBe(1);
  });

  it("a mark of the quote before the last", async () => {
    alter((bookings) => {
      const marks = bookings.at(-1)!.marks;
      marks[0]!.quote!.msgId = bookings.at(-2)!.marks[0]!.quote!.msgId;
    });
    const { code, output } = await recompute(market);
    expect(output).toContain("entry 5: AAPL, long, is marked at 117.43, but the trace has 112.09 / 112.11");
    expect(code).toBe(1);
  });

  it("a mark that was right once", async () => {
    alter((bookings) => {
      bookings.at(-1)!.marks[0] = bookings[0]!.marks[0]!;
    });
    const { code, output } = await recompute(market);
    expect(output).toContain("the mark of AAPL is of 2015-07-10T08:00:00.000Z, but the trace has one of 2015-07-10T16");
    expect(code).toBe(1);
  });

  it("in a trace that is another market", async () => {
    const { code, output } = await recompute(changedTrace((line) => line.replace(",AAPL,", ",SPY,")));
    expect(output).toContain("AAPL bought at 121.22, but the trace has no quote");
    expect(code).toBe(1);
  });
});

describe("average cost", () => {
  const fill = (side: "BUY" | "SELL", size: string, price: string): Fill => ({
    fillId: "",
    venue: "",
    executionId: "",
    symbol: "X",
    side: `SIDE_${side}`,
    lastQty: { units: nano(size).toString(), scale: 9 },
    lastPx: { units: nano(price).toString(), scale: 9 },
    commission: { units: "0", scale: 2 },
    transactTimeMs: "0",
    quote: { msgId: "" },
  });
  const heldAfter = (...fills: readonly Fill[]) => {
    const books = new Fills(2);
    for (const one of fills) books.book(one);
    const { size = 0n, cost = 0n } = books.held.get("X") ?? {};
    return [size, cost, books.realised].map(decimal);
  };

  it("opens, closes a part, crosses zero", () => {
    const bought = fill("BUY", "3", "10");
    expect(heldAfter(bought)).toEqual(["3.00", "30.00", "0.00"]);
    expect(heldAfter(bought, fill("SELL", "1", "12"))).toEqual(["2.00", "20.00", "2.00"]);
    expect(heldAfter(bought, fill("SELL", "1", "12"), fill("SELL", "4", "9"))).toEqual(["-2.00", "-18.00", "0.00"]);
  });

  it("of a short is the mirror image", () => {
    const sold = fill("SELL", "3", "10");
    expect(heldAfter(sold, fill("BUY", "1", "12"))).toEqual(["-2.00", "-20.00", "-2.00"]);
    expect(heldAfter(sold, fill("BUY", "1", "12"), fill("BUY", "4", "9"))).toEqual(["2.00", "18.00", "0.00"]);
  });

  it("rounds each fill half-even, and what a close takes with it down", () => {
    expect(heldAfter(fill("BUY", "1", "0.125"))).toEqual(["1.00", "0.12", "0.00"]);
    expect(heldAfter(fill("BUY", "1", "0.135"))).toEqual(["1.00", "0.14", "0.00"]);
    // 9.99 + 3.35 = 13.34, of which three quarters are 10.005.
    const [first, second] = [fill("BUY", "3", "3.33"), fill("BUY", "1", "3.35")];
    expect(heldAfter(first, second, fill("SELL", "3", "4"))).toEqual(["1.00", "3.34", "2.00"]);
  });
});

it("the script shares no code with the platform: it loads Node and its own folder", () => {
  const files = ["scripts/recompute-ledger.ts", ...globSync("scripts/recompute-ledger/*.ts", { cwd: root })];
  const names = files.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/\bfrom "([^"]+)"|\bimport\("([^"]+)"/g)].map(
      ([, name]) => name,
    ),
  );
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !/^node:|^\.\/(recompute-ledger\/)?[\w-]+\.ts$/.test(name ?? ""))).toEqual([]);
});

function readLast(): Entry {
  return JSON.parse(readFileSync(join(dir, "ledger.jsonl"), "utf8").trim().split("\n").at(-1) ?? "");
}

function postingOf({ postings }: Loose<Booking>, account: string) {
  return postings.find((posting) => posting.account === account)!;
}

function identityOf({ identity }: Loose<Booking>): Loose<Identity> {
  if (identity === undefined) throw new Error("no identity");
  return identity;
}

function add<Name extends string>(to: Record<Name, string>, name: Name, amount: string): void {
  to[name] = decimal(nano(to[name]) + nano(amount));
}

/** The market's file with some lines changed. */
function changedTrace(change: (line: string) => string): string {
  const path = join(dir, "trace.csv");
  const lines = gunzipSync(readFileSync(market)).toString("utf8").split("\n");
  writeFileSync(
    path,
    lines
      .map(change)
      .filter((line) => line !== "")
      .join("\n"),
  );
  return path;
}
