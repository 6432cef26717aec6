/** Random trading days for three real validators, and what has to be true of the books after each entry. */

import { create } from "@bufbuild/protobuf";
import { FillSchema, type ProposeResponse, Side } from "@countersign/contracts";
import { formatFixed } from "@countersign/orders";
import fc from "fast-check";
import type { LedgerLine } from "../../../agents/validator/src/core/line.ts";
import { fillOf, fillsOf, orderOf } from "../../../agents/validator/test/fills.ts";
import { type Content, deposit, names, timeMs, type World } from "../../../agents/validator/test/world.ts";
import { Model } from "./p05-model.ts";

export type Step =
  | { readonly kind: "deposit"; readonly cents: bigint; readonly at: number }
  | {
      readonly kind: "trade";
      readonly side: "BUY" | "SELL";
      /** Of the order, in shares; `rest` stays unfilled. */
      readonly parts: readonly bigint[];
      readonly rest: bigint;
      /** Of the quote, in cents. */
      readonly bid: bigint;
      readonly spread: bigint;
      /** Thousandths within the spread, on each share. */
      readonly better: bigint;
      /** Of each part, in hundredths of a cent; negative for a rebate. */
      readonly fee: bigint;
      /** Which validator is asked first. */
      readonly at: number;
      /** One proposal a part, each to the next validator. */
      readonly apart: boolean;
    };

const big = (min: number, max: number) => fc.integer({ min, max }).map(BigInt);

/** Sizes are such that a position often crosses zero and often becomes it. */
export const days: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("deposit" as const), cents: big(1, 1_000_000), at: fc.nat(2) }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("trade" as const),
        side: fc.constantFrom("BUY" as const, "SELL" as const),
        parts: fc.array(big(1, 4), { minLength: 1, maxLength: 3 }),
        rest: big(0, 2),
        bid: big(90_00, 110_00),
        spread: big(1, 20),
        better: big(0, 9),
        fee: big(0, 30_000),
        at: fc.nat(2),
        apart: fc.boolean(),
      }),
    },
  ),
  { minLength: 1, maxLength: 8 },
);

/** What the books have to say after a proposal, in the account's money. */
interface Expected {
  readonly cash: string;
  readonly deposits: string;
  readonly fees: string;
  readonly equity: string;
}

/** A day at the validators. Every proposal is made again, elsewhere; no repetition may book anything. */
export class Day {
  readonly model = new Model();
  readonly expected: Expected[] = [];
  world: World;
  #steps = 0;
  #marked = { bid: 0n, ask: 0n };

  /** Of a world that is open: one deposit is booked. */
  constructor(world: World) {
    this.world = world;
    this.model.deposit(100_000_00n);
    this.#expect();
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      const n = ++this.#steps;
      if (step.kind === "deposit") {
        this.model.deposit(step.cents);
        await this.#book(deposit(`day ${n}`, step.cents), "person:ada", step.at);
      } else await this.#trade(step, `order ${n}`, timeMs + n);
    }
  }

  async #trade(step: Extract<Step, { kind: "trade" }>, name: string, nowMs: number): Promise<void> {
    const { side, parts, rest, bid, spread, better, fee, at, apart } = step;
    const ask = bid + spread;
    this.#marked = { bid, ask };
    const quote = this.world.quote(bid, ask, nowMs);
    const quantity = parts.reduce((sum, part) => sum + part, rest);
    const band = { bandLow: { units: 1_00n, scale: 2 }, bandHigh: { units: 1_000_00n, scale: 2 } };
    const wire = { side: side === "BUY" ? Side.BUY : Side.SELL, quantity: { units: quantity, scale: 0 }, ...band };
    const { submit, intent } = orderOf(name, { intent: wire });
    const price = side === "BUY" ? ask * 10n - better : bid * 10n + better;
    const fills = parts.map((part, index) => {
      const { lastQty, lastPx, commission } = create(FillSchema, {
        lastQty: { units: part, scale: 0 },
        lastPx: { units: price, scale: 3 },
        commission: { units: fee, scale: 4, currency: "USD" },
      });
      const facts = { lastQty, lastPx, commission, transactTimeMs: BigInt(nowMs) };
      return { part, fill: fillOf(intent, `${name}.${index}`, quote, facts) };
    });
    for (const group of apart ? fills.map((one) => [one]) : [fills]) {
      for (const { part } of group) this.model.fill({ side, quantity: part, price, fee });
      const { held } = this.model;
      const mark = held === 0n ? undefined : { units: held > 0n ? bid : ask, quote };
      const content = fillsOf(
        group.map(({ fill }) => fill),
        [submit],
        mark,
      );
      await this.#book(content, "execution", at + fills.indexOf(group[0]!));
    }
    if (apart && fills.length > 1)
      await this.#refuse(
        fillsOf(
          fills.map(({ fill }) => fill),
          [submit],
          undefined,
        ),
        at,
      );
  }

  /** Books it through one validator, and asks the others for the same. */
  async #book(content: Content, sender: string, at: number): Promise<void> {
    const asked = [0, 1, 2, 0].map((next) => ({ to: names[(at + next) % 3]!, name: `${next}` }));
    const answers: ProposeResponse[] = [];
    for (const { to, name } of asked) answers.push(await this.world.propose(content, sender, { to, name }));
    const [first] = answers;
    if (first?.seq === undefined) throw new Error(`not booked: ${first?.code} ${first?.text}`);
    if (answers.some(({ seq }) => seq !== first.seq)) throw new Error("a repetition has another outcome");
    this.#expect();
  }

  /** What is booked, in another bundle, under another op id. */
  async #refuse(content: Content, at: number): Promise<void> {
    const { code, place } = await this.world.propose(content, "execution", { to: names[at]! });
    if (code !== "EXECUTION_BOOKED" || place !== "validator") throw new Error(`booked twice: ${code} ${place}`);
  }

  #expect(): void {
    const { cash, deposits, fees } = this.model;
    const equity = this.model.equity(this.#marked.bid, this.#marked.ask);
    const text = (units: bigint) => formatFixed({ units, scale: 2 });
    this.expected.push({ cash: text(cash), deposits: text(deposits), fees: text(fees), equity: text(equity) });
  }
}

/** The first thing that does not hold of these lines, or undefined. Adds up what is written there, by itself. */
export function faultOf(lines: readonly LedgerLine[], expected: readonly Expected[]): string | undefined {
  let prev = "0".repeat(64);
  const balances = new Map<string, bigint>();
  const balance = (account: string) => balances.get(account) ?? 0n;
  const proposes = lines.flatMap((line, index) => {
    const isChained = line.prev === prev && line.seq === `${index + 1}`;
    prev = line.entryDigest;
    return line.proposes.map((propose) => ({ ...propose, isChained }));
  });
  if (proposes.length !== expected.length) return `${proposes.length} are booked, not ${expected.length}`;
  for (const [index, { isChained, postings, identity }] of proposes.entries()) {
    if (!isChained) return `${index} is not chained`;
    const sums = new Map<string, bigint>();
    for (const { entry, ledger, account, amount } of postings) {
      const units = BigInt(amount.replace(".", ""));
      sums.set(`${entry} ${ledger}`, (sums.get(`${entry} ${ledger}`) ?? 0n) + units);
      balances.set(account, balance(account) + units);
    }
    for (const [entry, sum] of sums) if (sum !== 0n) return `${entry} does not balance`;
    const { cash, deposits, fees, equity } = expected[index]!;
    const is = identity && {
      cash: identity.cash,
      deposits: identity.deposits,
      fees: identity.fees,
      equity: identity.equity,
    };
    if (JSON.stringify(is) !== JSON.stringify({ cash, deposits, fees, equity }))
      return `${index} says ${JSON.stringify(is)}, not ${JSON.stringify(expected[index])}`;
    const cents = (text = "") => BigInt(text.replace(".", ""));
    if (balance("cash") !== cents(cash)) return `${index}: the postings say another cash`;
    if (balance("realised") !== -cents(identity?.realised)) return `${index}: the postings say another profit`;
    const left = cents(cash) + cents(identity?.positionValue);
    const right = cents(deposits) + cents(identity?.realised) + cents(identity?.unrealised) - cents(fees);
    if (left !== right || left !== cents(equity)) return `${index}: ${left} is not ${right}`;
  }
  return undefined;
}
