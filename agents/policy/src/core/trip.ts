import type { FenceState } from "@countersign/contracts";
import type { Effect } from "@countersign/runtime";
import type { Checked, Judged } from "./check.ts";
import type { PolicyConfig } from "./config.ts";
import { tripHalt } from "./latch.ts";
import type { Rule } from "./limits.ts";
import { isMissing } from "./refusal.ts";
import { type PolicyState, without } from "./state.ts";

/** What a rule that halts was seen to be, once. */
export interface Sample {
  readonly rule: Rule;
  readonly breached: boolean;
  readonly why: string;
  /** What was looked at: the same again says nothing new. */
  readonly of: string;
}

export interface Tripped {
  readonly state: PolicyState;
  readonly effects: readonly Effect[];
}

/** Of the rules that an order was judged by. The first breach refuses already. */
export function tripRules(before: PolicyState, { judged }: Checked, fence: FenceState, config: PolicyConfig): Tripped {
  if (judged === undefined) return { state: before, effects: [] };
  const { halting, results } = judged.judgement;
  const quote = newestQuote(judged);
  const why = (rule: Rule) => results.find((result) => result.rule === rule.rule)?.explanation ?? "";
  const samples = halting.map(({ rule, breached }) => ({ rule, breached, why: why(rule), of: quote }));
  return countBreaches(before, samples, fence, config);
}

/**
 * Rules that halt count their breaches, and halt when they were breached so many times in a row, each time of something fresh: a single
 * bad price halts nobody.
 */
export function countBreaches(
  before: PolicyState,
  samples: readonly Sample[],
  fence: FenceState,
  config: PolicyConfig,
): Tripped {
  let state = before;
  const effects: Effect[] = [];
  for (const { rule, breached, why, of } of samples) {
    const known = state.trips[rule.rule];
    if (!breached) {
      if (known !== undefined) state = { ...state, trips: without(state.trips, rule.rule) };
      continue;
    }
    if (known?.of === of) continue;
    const count = (known?.samples ?? 0) + 1;
    if (count < rule.samples) {
      state = { ...state, trips: { ...state.trips, [rule.rule]: { samples: count, of } } };
      continue;
    }
    const untripped = { ...state, trips: without(state.trips, rule.rule) };
    const halted = tripHalt(untripped, fence, config, { rule: rule.rule, why, seed: of });
    state = halted.state;
    effects.push(...halted.effects);
  }
  return { state, effects };
}

/** msg_id of the last quote among those that the verdict rests on. */
function newestQuote({ scene, after }: Judged): string {
  const own = scene.view.symbols.get(scene.order.symbol)?.quote;
  const quotes = isMissing(after)
    ? own === undefined
      ? []
      : [own]
    : [...after.positions.values()].map(({ quote }) => quote);
  const newest = quotes.toSorted((a, b) => b.eventTimeMs - a.eventTimeMs)[0];
  return newest?.ref.msgId ?? "";
}
