/** What `halt` and `resume` print. */
import type { HaltAnswer } from "@countersign/platform";
import { shortId } from "../short-id.ts";

export interface HaltFacts {
  readonly haltId: string;
  readonly level: number;
  readonly scope: string;
  readonly reason: string;
}

/** Whether no new order can leave: the gate has latched, or the halt is in the control log. */
export function isStopped(answers: readonly HaltAnswer[], epoch: bigint | undefined): boolean {
  return epoch !== undefined || answers.some(({ server, latched }) => server === "execution" && latched === true);
}

/** @param epoch of the control log with this halt in it; undefined where it was not seen there */
export function haltLines(
  { haltId, level, scope, reason }: HaltFacts,
  answers: readonly HaltAnswer[],
  epoch: bigint | undefined,
): readonly string[] {
  const width = Math.max(...answers.map(({ server }) => server.length)) + 2;
  const lines = answers.map((one) => `${one.server.padEnd(width)}${said(one)}`);
  return [
    `halt ${shortId(haltId)}  level ${level} ${WORDS[level]}, ${scope}: ${reason}`,
    ...lines,
    epoch === undefined
      ? "not in the control log yet: the validators that latched it go on proposing it"
      : `in the control log, epoch ${epoch}: it holds everywhere, whatever restarts`,
    isStopped(answers, epoch)
      ? `no new order leaves. To go on: ./countersign resume ${shortId(haltId)} -m "why"`
      : "NOT STOPPED FOR CERTAIN: neither Execution nor the control log has it. Try again, and see ./countersign status",
  ];
}

const WORDS: Readonly<Record<number, string>> = { 1: "no new orders", 2: "and cancel", 3: "and flatten" };

function said({ latched, why, tookMs }: HaltAnswer): string {
  const took = `${tookMs.toFixed(0)} ms`;
  if (latched === undefined) return `no answer  ${took}  ${why ?? ""}`.trimEnd();
  return latched ? `latched  ${took}` : `refuses  ${took}  ${why ?? ""}`.trimEnd();
}
