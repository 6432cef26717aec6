import type { FenceState } from "@countersign/contracts";
import type { Effect } from "@countersign/runtime";
import type { Checked, Judged } from "./check.ts";
import type { PolicyConfig } from "./config.ts";
import { tripHalt } from "./latch.ts";
import { isMissing } from "./refusal.ts";
import { type PolicyState, without } from "./state.ts";

/**
 * Rules that halt count their breaches, and halt when they were breached so many times in a row, each time on a fresh quote. The
 * first breach refuses already; a single bad price halts nobody.
 */
export function tripRules(
  before: PolicyState,
  { judged }: Checked,
  fence: FenceState,
  config: PolicyConfig,
): { readonly state: PolicyState; readonly effects: readonly Effect[] } {
  if (judged === undefined) return { state: before, effects: [] };
  const quote = newestQuote(judged);
  let state = before;
  const effects: Effect[] = [];
  for (const { rule, breached } of judged.judgement.halting) {
    const known = state.trips[rule.rule];
    if (!breached) {
      if (known !== undefined) state = { ...state, trips: without(state.trips, rule.rule) };
      continue;
    }
    if (known?.quote === quote) continue;
    const samples = (known?.samples ?? 0) + 1;
    if (samples < rule.samples) {
      state = { ...state, trips: { ...state.trips, [rule.rule]: { samples, quote } } };
      continue;
    }
    const why = judged.judgement.results.find((result) => result.rule === rule.rule)?.explanation ?? "";
    const untripped = { ...state, trips: without(state.trips, rule.rule) };
    const halted = tripHalt(untripped, fence, config, { rule: rule.rule, why, seed: quote });
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
