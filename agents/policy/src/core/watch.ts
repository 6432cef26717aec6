/**
 * Between orders: rules that halt an account are looked at also while nobody asks for anything, with each bar and each tick of the clock.
 * Nobody has to trade for a loss to be noticed, or for a market that has fallen silent.
 */
import type { Context } from "@countersign/runtime";
import type { PolicyConfig } from "./config.ts";
import { isBreached } from "./judge.ts";
import type { Rule } from "./limits.ts";
import type { Measured } from "./measure.ts";
import type { PolicyState } from "./state.ts";
import { countBreaches, type Sample, type Tripped } from "./trip.ts";
import type { PolicyView, SeenQuote } from "./view.ts";
import { sentenceOf } from "./words.ts";

/** @param state as observed now; @param before what stays where nothing has tripped */
export function watch(
  before: PolicyState,
  state: PolicyState,
  context: Context<PolicyView>,
  config: PolicyConfig,
): Tripped {
  const { money } = state.book;
  if (money === undefined) return { state: before, effects: [] };
  const rules = config.limits.rules.filter(({ action, scope }) => action === "halt" && scope === "account");
  const samples = rules.flatMap((rule): Sample[] => {
    const seen = standing(rule, state, context);
    if (seen === undefined) return [];
    const { value, of } = seen;
    return [{ rule, breached: isBreached(rule, value), why: sentenceOf(rule, value, money.currency), of }];
  });
  const { trips, latches } = before;
  const tripped = countBreaches(state, samples, context.fence, config);
  // The equity of this moment alone is not worth a transaction: whoever decides next computes it again.
  const isSame = tripped.state.trips === trips && tripped.state.latches === latches;
  return isSame && tripped.effects.length === 0 ? { state: before, effects: [] } : tripped;
}

interface Standing {
  readonly value: Measured;
  readonly of: string;
}

/** What the rule measures of the book as it stands; undefined where it speaks of orders alone, or where that is not known now. */
function standing(
  { metric }: Rule,
  { book, equity }: PolicyState,
  { view, nowMs, auditTrailing }: Context<PolicyView>,
): Standing | undefined {
  // Of what is no price: each second is another sample.
  const second = `second ${Math.floor(nowMs / 1_000)}`;
  if (metric === "audit_lag") return { value: exact(BigInt(auditTrailing), 1n), of: second };
  const held = Object.values(book.positions).filter(({ quantity }) => quantity.units !== 0n);
  const quotes = held.flatMap(({ symbol }) => view.symbols.get(symbol)?.quote ?? []);
  if (held.length === 0 || quotes.length < held.length) return undefined;
  const byTime = quotes.toSorted((a, b) => a.eventTimeMs - b.eventTimeMs);
  const [oldest, newest] = [byTime[0] as SeenQuote, byTime.at(-1) as SeenQuote];
  switch (metric) {
    case "quote_age":
      return { value: exact(BigInt(Math.max(0, nowMs - oldest.eventTimeMs)), 1_000n), of: second };
    case "daily_loss":
    case "drawdown": {
      const from = metric === "daily_loss" ? equity?.dayStart : equity?.peak;
      if (equity === undefined || from === undefined || from <= 0n) return undefined;
      return { value: exact(from - equity.last, from), of: newest.ref.msgId ?? "" };
    }
    default:
      return undefined;
  }
}

function exact(num: bigint, den: bigint): Measured {
  return { exact: { num, den } };
}
