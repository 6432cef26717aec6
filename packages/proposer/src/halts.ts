import { type FenceState, haltCovering, type OpenHalt } from "@countersign/contracts";
import type { Desk } from "./desk.ts";

/**
 * The halt that covers what this principal would propose in this symbol, or undefined. Only Policy and the gate refuse; a proposer that
 * knows of a halt asks for nothing. A halt names a strategy without its digest, so that it holds for all its versions.
 */
export function haltOver(
  fence: FenceState,
  { account, venue }: Desk,
  { symbol, principal }: { readonly symbol: string; readonly principal: string },
): OpenHalt | undefined {
  const strategy = /^strategy:([^@]+)/.exec(principal)?.[1] ?? "";
  return haltCovering(fence, { account, strategy, symbol, venue });
}
