import { type ApprovalRequest, Mode, OrderStatus } from "@countersign/contracts";
import { openPayload } from "@countersign/envelope";
import { intentDigest, readPermit } from "@countersign/permit";
import { describe, expect, it } from "vitest";
import { signPermits } from "../edge/sign-permit.ts";
import { Desk } from "../testing.ts";
import { DAY_MS, generous, intentOf, keys, openFence, signer } from "../testing-world.ts";

const volatility = {
  metric: "volatility",
  scope: "symbol",
  window: 5,
  comparator: ">",
  threshold: "9",
  action: "warn",
};
const tail = {
  metric: "var_historical",
  scope: "account",
  window: 5,
  confidence: "0.8",
  comparator: ">",
  threshold: "9",
  action: "warn",
};
const halted = { ...openFence, halts: [{ id: "h1", level: 1, scope: { kind: "symbol", id: "AAPL" } as const }] };

describe("validate permits", () => {
  it("answers with the record itself: the permit over the intent's bytes, the reservation, every rule, the marks", () => {
    const desk = Desk.open();
    const intent = intentOf({ quantity: 100n });
    const { issued, effects } = desk.validate(intent);
    expect(effects[0]).toMatchObject({
      kind: "publish",
      topic: "risk.policy.v1",
      key: "main",
      reply: true,
      intent: "PERMIT",
    });
    const permit = readPermit(issued?.permit?.payload ?? new Uint8Array());
    expect(permit).toMatchObject({
      intentDigest: intentDigest(intent),
      policyVersion: desk.config.limits.digest,
      haltEpoch: 1n,
      expiresAtMs: desk.nowMs + 30_000,
      approvalIds: [],
    });
    expect(issued?.reserved).toMatchObject({ units: 1_000_000n, scale: 2, currency: "USD" });
    expect(issued?.rules.map(({ rule, breached }) => [rule, breached])).toEqual([
      ["symbols", false],
      ["rule 0", false],
    ]);
    expect(issued?.marks).toMatchObject([
      { symbol: "AAPL", price: { units: 10_000n, scale: 2 }, quote: { symbol: "AAPL" } },
    ]);
  });

  it("leaves the signature to the edge, which adds it to permits alone", () => {
    const desk = Desk.open();
    const { effects, issued } = desk.ask({ quantity: 100n });
    expect(issued?.permit?.signatures).toEqual([]);
    const { finish } = signPermits(signer("permit"));
    const [effect] = effects;
    if (effect?.kind !== "publish" || finish === undefined) throw new Error("a permit is published");
    const signed = finish(effect).payload as NonNullable<typeof issued>;
    const reading = { keys, mode: Mode.REPLAY, nowMs: desk.nowMs };
    expect(signed.permit && openPayload(signed.permit, "permit", reading)).toMatchObject({
      ok: true,
      payload: issued?.permit?.payload,
    });
    const refusal = { ...effect, type: "order.rejected" };
    expect(finish(refusal)).toBe(refusal);
  });
});

describe("validate refuses", () => {
  const code = (desk: Desk, ask: Parameters<Desk["ask"]>[0] = { quantity: 100n }, sender?: string) =>
    desk.ask(ask, sender).code;

  it("BAD_INTENT: bytes that make no order", () => {
    const desk = Desk.open();
    expect(desk.validate(Uint8Array.of(255)).rejected).toMatchObject({ code: "BAD_INTENT" });
    expect(code(desk, { quantity: 0n })).toBe("BAD_INTENT");
  });

  it("NOT_THE_PROPOSER: somebody else's order", () => {
    expect(code(Desk.open(), { quantity: 100n, proposer: "portfolio" }, "hedger")).toBe("NOT_THE_PROPOSER");
  });

  it("WRONG_ACCOUNT, WRONG_MODE", () => {
    expect(code(Desk.open(), { quantity: 100n, account: "other" })).toBe("WRONG_ACCOUNT");
    expect(code(Desk.open(), { quantity: 100n, mode: Mode.LIVE })).toBe("WRONG_MODE");
  });

  it("INTENT_REPEATED: permitted, or waiting for a person", () => {
    const desk = Desk.open([{ ...generous, threshold: "20000", action: "escalate" }]);
    expect(code(desk)).toBeUndefined();
    expect(code(desk)).toBe("INTENT_REPEATED");
    expect(desk.ask({ key: "large", quantity: 300n }).type).toBe("order.escalated");
    expect(code(desk, { key: "large", quantity: 300n })).toBe("INTENT_REPEATED");
  });

  it("UNKNOWN_INSTRUMENT, CURRENCY, OFF_LOT", () => {
    expect(code(Desk.open(), { symbol: "TSLA", quantity: 1n })).toBe("UNKNOWN_INSTRUMENT");
    expect(code(Desk.open(), { symbol: "EUR", quantity: 1n })).toBe("CURRENCY");
    expect(code(Desk.open(), { quantity: 100n, quantityScale: 1 })).toBe("OFF_LOT");
  });

  it("SYMBOL_NOT_ALLOWED: not on the list", () => {
    const verdict = Desk.open([generous], { symbols: ["SPX"] }).ask({ quantity: 1n });
    expect(verdict.code).toBe("SYMBOL_NOT_ALLOWED");
    expect(verdict.rejected?.explanation).toBe("AAPL is not on the list of symbols that may be traded");
  });

  it("HALTED: a halt in the control log, of its scope alone", () => {
    const desk = Desk.open();
    desk.fence = halted;
    expect(code(desk)).toBe("HALTED");
    expect(code(desk, { key: "spx", symbol: "SPX", quantity: 100n })).toBeUndefined();
    desk.fence = { ...openFence, halts: [{ id: "h2", level: 1, scope: { kind: "strategy", id: "trend" } }] };
    expect(code(desk, { key: "trend", quantity: 1n })).toBe("HALTED");
    expect(code(desk, { key: "other", quantity: 1n, principal: "strategy:value@1" })).toBeUndefined();
  });

  it("HALTED: a platform that was never opened, before anything else is known", () => {
    const desk = new Desk();
    desk.fence = {
      epoch: 0n,
      halts: [{ id: "birth", level: 1, scope: { kind: "all" } }],
      released: [],
      head: { seq: 0n, digest: "" },
    };
    expect(code(desk)).toBe("HALTED");
  });

  it("AUDIT_BEHIND: 1,000 records that Compliance does not hold; 999 are not", () => {
    const desk = Desk.open();
    desk.auditTrailing = 1_000;
    expect(code(desk)).toBe("AUDIT_BEHIND");
    desk.auditTrailing = Number.NaN;
    expect(code(desk)).toBe("AUDIT_BEHIND");
    desk.auditTrailing = 999;
    expect(code(desk)).toBeUndefined();
  });

  it("NO_KEY: no key that could sign, or one for something else", () => {
    expect(code(Desk.open([generous], {}, { permitKeyid: "nobody" }))).toBe("NO_KEY");
    expect(code(Desk.open([generous], {}, { permitKeyid: signer("execution").keyid }))).toBe("NO_KEY");
  });

  it("NO_EQUITY: nothing deposited, or nothing that would be left", () => {
    const poor = new Desk();
    poor.quote("AAPL", 10_000n, 10_000n);
    expect(code(poor)).toBe("NO_EQUITY");
    // 100,000 USD are lost between a bid of 100 and a limit of 200.
    expect(code(Desk.open(), { quantity: 1_000n, limit: 20_000n })).toBe("NO_EQUITY");
  });

  it("NO_MARK: no quote, and none that is one, of the order or of what is held", () => {
    const desk = new Desk();
    desk.deposit(10_000_000n);
    expect(code(desk)).toBe("NO_MARK");
    desk.quote("AAPL", 10_001n, 10_000n);
    desk.quote("AAPL", 0n, 10_000n);
    expect(code(desk)).toBe("NO_MARK");
    desk.quote("SPX", 200_000n, 200_000n);
    desk.fill({ symbol: "AAPL", quantity: 1n }, 1n, 10_000n);
    expect(code(desk, { symbol: "SPX", quantity: 1n })).toBe("NO_MARK");
  });

  it("NO_VOLATILITY, NO_VAR: too few bars, or none that moved", () => {
    const desk = Desk.open([volatility, tail]);
    const explained = () => desk.ask({ quantity: 100n }).rules.map(({ value }) => value);
    for (let n = 0; n < 5; n++) {
      desk.bar("AAPL", 10_000n);
      desk.nowMs += DAY_MS;
    }
    expect(code(desk)).toBe("NO_VOLATILITY");
    expect(explained()).toEqual(["AAPL", "unknown", "unknown"]);
    desk.bar("AAPL", 10_000n);
    desk.nowMs += DAY_MS;
    expect(code(desk)).toBe("NO_VOLATILITY");
    desk.bar("AAPL", 10_100n);
    expect(code(desk)).toBeUndefined();
    expect(code(Desk.open([tail]))).toBe("NO_VAR");
  });

  it("NO_CONFIDENCE: unsaid, or no number; where a rule speaks of the order", () => {
    const rule = { metric: "confidence", scope: "strategy", comparator: "<", threshold: "0.4", action: "reject" };
    expect(code(Desk.open([rule]), { quantity: 1n, confidence: undefined })).toBe("NO_CONFIDENCE");
    expect(code(Desk.open([rule]), { quantity: 1n, confidence: Number.NaN })).toBe("NO_CONFIDENCE");
    expect(code(Desk.open([rule]), { quantity: 1n, confidence: 0.39 })).toBe("CONFIDENCE_LIMIT");
    expect(code(Desk.open([rule]), { quantity: 1n, confidence: undefined, principal: "person:ana" })).toBeUndefined();
  });

  it("NO_LIQUIDITY: no size displayed", () => {
    const rule = { metric: "liquidity", scope: "symbol", comparator: ">", threshold: "0.1", action: "reject" };
    for (const size of [null, 0n]) {
      const desk = Desk.open([rule]);
      desk.quote("AAPL", 10_000n, 10_000n, size);
      expect(code(desk)).toBe("NO_LIQUIDITY");
    }
  });

  it("NOT_REDUCING: reduce-only without a position, in its direction, or larger than it", () => {
    const desk = Desk.open();
    const reduce = { quantity: 100n, side: "SELL", reduceOnly: true } as const;
    expect(code(desk, reduce)).toBe("NOT_REDUCING");
    desk.fill({ quantity: 100n }, 100n, 10_000n);
    expect(code(desk, { ...reduce, side: "BUY" })).toBe("NOT_REDUCING");
    expect(code(desk, { ...reduce, quantity: 101n })).toBe("NOT_REDUCING");
    expect(code(desk, { ...reduce, quantity: 60n })).toBeUndefined();
    expect(code(desk, { ...reduce, key: "second", quantity: 41n })).toBe("NOT_REDUCING");
    expect(code(desk, { ...reduce, key: "second", quantity: 40n })).toBeUndefined();
  });

  it("shows the rules also where something else refuses", () => {
    const desk = Desk.open();
    desk.fence = halted;
    expect(desk.ask({ quantity: 100n }).rules).toHaveLength(2);
  });
});

describe("a risk-reducing order", () => {
  const position = { metric: "position", scope: "symbol", comparator: ">", threshold: "0.05", action: "reject" };
  const rate = { metric: "order_rate", scope: "account", comparator: ">", threshold: "1", action: "reject" };
  const sell = { key: "sell", side: "SELL", quantity: 10n } as const;
  const long = (rules: readonly object[]) => {
    const desk = Desk.open(rules);
    desk.fill({ quantity: 100n }, 100n, 10_000n);
    return desk;
  };

  it("passes a rule about the book that is breached, and is told so", () => {
    const verdict = long([position]).ask(sell);
    expect(verdict.type).toBe("permit.issued");
    expect(verdict.rules[1]).toMatchObject({
      breached: true,
      explanation: "position 10 % of equity, limit 5 % but the order reduces risk",
    });
    expect(long([position]).ask({ quantity: 10n }).code).toBe("POSITION_LIMIT");
  });

  it("passes without a volatility, but not without its own price", () => {
    const desk = long([volatility]);
    expect(desk.ask(sell).type).toBe("permit.issued");
    const blind = new Desk([position]);
    blind.deposit(10_000_000n);
    blind.fill({ quantity: 100n }, 100n, 10_000n);
    expect(blind.ask(sell).code).toBe("NO_MARK");
  });

  it("passes no rule about the order itself: size, symbol, rate", () => {
    const desk = long([rate]);
    expect(desk.ask(sell).type).toBe("permit.issued");
    expect(desk.ask({ ...sell, key: "again" }).code).toBe("ORDER_RATE_LIMIT");
    desk.nowMs += 61_000;
    expect(desk.ask({ ...sell, key: "again" }).type).toBe("permit.issued");
  });

  it("passes a halt when it says reduce-only, and not before the control log was read", () => {
    const desk = long([generous]);
    desk.fence = halted;
    expect(desk.ask(sell).code).toBe("HALTED");
    expect(desk.ask({ ...sell, reduceOnly: true }).type).toBe("permit.issued");
    desk.fence = { ...halted, head: { seq: 0n, digest: "" } };
    expect(desk.ask({ ...sell, key: "blind", reduceOnly: true }).code).toBe("HALTED");
  });
});

describe("escalation", () => {
  it("asks a person in words, sets the clock and reserves nothing", () => {
    const desk = Desk.open([{ ...generous, threshold: "40000", action: "escalate" }]);
    const verdict = desk.ask({ quantity: 450n });
    expect(verdict.effects.map((effect) => (effect.kind === "publish" ? effect.type : effect.kind))).toEqual([
      "order.escalated",
      "approval.request",
      "timer",
    ]);
    const [, request] = verdict.effects;
    const asked = request?.kind === "publish" ? (request.payload as ApprovalRequest) : undefined;
    expect(asked).toMatchObject({
      approvalsNeeded: 1,
      haltEpoch: 1n,
      intentDigest: intentDigest(intentOf({ quantity: 450n })),
    });
    expect(asked?.words).toBe(
      "BUY 450 AAPL at 100.00 USD or better, at once, the rest cancelled, worth at most 45,000.00 USD, for strategy:trend@1, proposed by portfolio: order 45,000.00 USD, limit 40,000 USD",
    );
    expect(desk.state.orders).toEqual({});
  });

  it("counts all children of one parent, but those that never became orders", () => {
    const desk = Desk.open([{ ...generous, threshold: "40000", action: "escalate" }]);
    const child = (key: string) => ({ key, parent: "parent", quantity: 150n });
    expect(desk.ask(child("a")).type).toBe("permit.issued");
    expect(desk.ask(child("b")).type).toBe("permit.issued");
    expect(desk.ask(child("c")).type).toBe("order.escalated");
    desk.report(child("a"), OrderStatus.REJECTED, "accept");
    expect(desk.ask(child("d")).type).toBe("permit.issued");
  });

  it("PROPOSER_IS_PRINCIPAL: three parties could not be found", () => {
    const desk = Desk.open([{ ...generous, threshold: "1", action: "escalate" }]);
    expect(desk.ask({ quantity: 100n, principal: "portfolio" }).code).toBe("PROPOSER_IS_PRINCIPAL");
  });
});
