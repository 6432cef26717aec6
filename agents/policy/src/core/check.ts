import { haltCovering, KeyPurpose } from "@countersign/contracts";
import { hex, keyStateCode } from "@countersign/envelope";
import { modes, orderFromIntent, roundToLot } from "@countersign/orders";
import { haltSubject } from "@countersign/permit";
import type { Context } from "@countersign/runtime";
import { type BookAfter, bookAfter, isReducing } from "./book-after.ts";
import type { PolicyConfig } from "./config.ts";
import { type Judgement, judge } from "./judge.ts";
import { isMissing, type Missing, type PolicyCode } from "./refusal.ts";
import type { Scene } from "./scene.ts";
import type { PolicyState } from "./state.ts";
import type { PolicyView } from "./view.ts";

/** What Policy says of an order. `judged` is there wherever the rules could be asked. */
export type Checked =
  | { readonly ok: true; readonly judged: Judged }
  | {
      readonly ok: false;
      readonly code: PolicyCode;
      readonly explanation: string;
      readonly judged: Judged | undefined;
    };

export interface Judged {
  readonly scene: Scene;
  readonly after: BookAfter | Missing;
  readonly judgement: Judgement;
}

/** Everything that Policy checks of an order, in this order; the same when it is proposed and when a person releases it. */
export function checkOrder(
  bytes: Uint8Array,
  state: PolicyState,
  context: Context<PolicyView>,
  config: PolicyConfig,
): Checked {
  const made = orderFromIntent(bytes);
  if (!made.ok) return no("BAD_INTENT", made.text);
  const { order, intent } = made;
  if (order.account !== config.account) return no("WRONG_ACCOUNT", `this Policy guards the account ${config.account}`);
  if (order.mode !== config.mode) return no("WRONG_MODE", `this Policy runs in the mode ${config.mode}`);
  const { fence, nowMs, view, auditTrailing, auditStale } = context;
  const instrument = config.instruments.get(order.symbol);
  const { money } = state.book;

  const judged = judgeOrder({ config, state, view, nowMs, auditTrailing, order, intent }, instrument, money);
  const refuse = (code: PolicyCode, explanation: string): Checked => no(code, explanation, judged);

  if (fence.silent === true) return refuse("FENCE_STALE", "the quorum has been silent for too long"); // P04.policy-lease
  const reducing = isReducing({ state, order });
  const passesHalts = order.reduceOnly && reducing && fence.head.seq > 0n;
  const halt = haltCovering(fence, haltSubject(order));
  if (halt !== undefined && !passesHalts) return refuse("HALTED", `the halt ${halt.id} covers the order`); // P03.policy
  const held = { ...fence, halts: state.latches.filter(({ code }) => code === "HALTED") };
  const latch = haltCovering(held, haltSubject(order));
  if (latch !== undefined && !passesHalts) return refuse("HALTED", `the halt ${latch.id} is latched here`); // P03.latch
  const named = fence.limits ?? hex(config.limits.digest);
  const isNamed = named === hex(config.limits.digest) || passesHalts;
  if (!isNamed) return refuse("LIMITS_NOT_NAMED", "the control log names other limits than those of this Policy"); // P04.limits
  const open = state.latches.find(({ code }) => code === "BOOK_DIFFERS");
  if (open !== undefined) return refuse("BOOK_DIFFERS", open.reason);
  if (auditStale === true) return refuse("AUDIT_STALE", "Compliance has said no checkpoint for too long"); // P08.policy-lease
  const behind = `${auditTrailing} records of Policy are not in Compliance's checkpoint`;
  if (!(auditTrailing < AUDIT_TRAILING_MAX)) return refuse("AUDIT_BEHIND", behind); // P08.policy-trailing
  if (!canSign(config, nowMs)) return refuse("NO_KEY", "no key is granted that could sign a permit now"); // P10.key
  if (money === undefined) return refuse("NO_EQUITY", "nothing was ever deposited");
  if (instrument === undefined)
    return refuse("UNKNOWN_INSTRUMENT", `${order.symbol} is not in the table of instruments`);
  if (judged === undefined)
    return refuse(
      "CURRENCY",
      `${order.symbol} is traded in ${instrument.currency}, the account is in ${money.currency}`,
    );
  const { quantity } = order;
  const whole = roundToLot(quantity, instrument, "floor");
  if (quantity.scale !== whole.scale || quantity.units !== whole.units)
    return refuse(
      "OFF_LOT",
      `${order.symbol} is traded in whole lots, counted in ${instrument.quantityScale} decimals`,
    );
  if (order.reduceOnly && !reducing)
    return refuse("NOT_REDUCING", "the order is reduce-only, and could enlarge or turn the position");
  // Also where no rule asks: only a reduction may go on without a value of the whole book, and it needs its own price.
  const { after, judgement } = judged;
  const blind = isMissing(after) && (!reducing || view.symbols.get(order.symbol)?.quote === undefined);
  if (blind) return refuse(after.missing, after.text);
  const { refusal } = judgement;
  return refusal === undefined ? { ok: true, judged } : refuse(refusal.code, refusal.explanation);
}

/** The rules are asked of every order that has a value in the account's money, so that a refusal of another kind shows them too. */
function judgeOrder(
  scene: Omit<Scene, "instrument" | "money">,
  instrument: Scene["instrument"] | undefined,
  money: Scene["money"] | undefined,
): Judged | undefined {
  if (instrument === undefined || money === undefined || instrument.currency !== money.currency) return undefined;
  const whole = { ...scene, instrument, money };
  const after = bookAfter(whole);
  return { scene: whole, after, judgement: judge(whole, after) };
}

/** An audit that is further behind does not hold what Policy decides (P08). */
const AUDIT_TRAILING_MAX = 1_000;

function canSign({ keys, permitKeyid, mode }: PolicyConfig, nowMs: number): boolean {
  const key = keys.find(permitKeyid);
  if (key === undefined || key.purpose !== KeyPurpose.PERMIT || !key.modes.has(modes.toWire(mode))) return false;
  return keyStateCode(key, nowMs, nowMs) === undefined;
}

function no(code: PolicyCode, explanation: string, judged?: Judged): Checked {
  return { ok: false, code, explanation, judged };
}
