/**
 * What an agent makes of the market does not depend on the order in which it read the symbols beside each other. Brokers keep the order of
 * one key and no other: a process that begins anew reads one symbol's past before the next one's, and must see what its predecessor saw.
 */
import { readFileSync } from "node:fs";
import { openTrace, Sealer } from "@countersign/agent-market";
import { KeyPurpose, Mode } from "@countersign/contracts";
import { Keyring, openEnvelope } from "@countersign/envelope";
import { parseInstruments, parseMoney } from "@countersign/orders";
import { cloneFile, loadLimits, loadStrategy, ReplayKeys } from "@countersign/platform";
import { Prng, uniform } from "@countersign/quant";
import { encodeJson, type MarketMessage, marketMessage, payloadOf } from "@countersign/runtime";
import { expect, it } from "vitest";
import { defaults } from "../cli/src/demo/defaults.ts";
import { makeAgents } from "../platform/src/agents.ts";
import { grant } from "../platform/src/keys.ts";

const ORDERS = 20;
const known = parseInstruments(JSON.parse(readFileSync(cloneFile(defaults.instruments), "utf8")));
const signers = new ReplayKeys("1");

async function market(): Promise<readonly MarketMessage[]> {
  const signer = signers.signer("market", KeyPurpose.ENVELOPE);
  const trace = await openTrace([{ path: cloneFile(defaults.trace) }], {
    instruments: known,
    fromMs: Date.parse("2015-01-01"),
    toMs: Date.parse("2016-01-01"),
  });
  const sealer = new Sealer(signer, trace.instruments);
  const keys = new Keyring();
  const says = [
    { type: "market.quote", topic: "market.quotes.v1" },
    { type: "market.bar", topic: "market.bars.v1" },
  ];
  const granted = grant(signers, {
    sender: "market",
    purpose: KeyPurpose.ENVELOPE,
    mode: Mode.REPLAY,
    says,
    fromMs: 0,
  });
  expect(keys.grant(granted)).toBeUndefined();
  const messages: MarketMessage[] = [];
  for await (const events of trace.batches()) {
    for (const { bytes } of sealer.seal(events)) {
      const opened = openEnvelope(bytes, keys);
      if (!opened.ok) throw new Error(`a sealed event is refused: ${opened.code}`);
      messages.push(marketMessage(opened, payloadOf(opened)!)!);
    }
  }
  return messages;
}

async function seats() {
  const strategies = [];
  for (const file of defaults.strategies) strategies.push(await loadStrategy(cloneFile(file)));
  return makeAgents(
    {
      seed: "1",
      account: defaults.account,
      person: defaults.person,
      instruments: known,
      traded: ["AAPL"],
      hedgeSymbol: "SPX",
      strategies: strategies.map(({ id, strategy }) => ({ id, strategy })),
      limits: loadLimits(cloneFile(defaults.limitsOfDays)),
      ceiling: { notional: parseMoney(defaults.ceiling.notional, defaults.currency, 2), persons: 1 },
      portfolio: defaults.portfolio,
      hedge: defaults.hedging,
      venueLatencyMs: 5,
    },
    {
      mode: "replay",
      signers,
      keys: new Keyring(),
      fence: () => ({ epoch: 0n, halts: [], released: [], head: { seq: 0n, digest: "" } }),
      fenceFresh: () => true,
      mayWrite: () => true,
      nowMs: () => 0,
      session: "1",
    },
  );
}

/** Each key in its order, and the keys as chance mixes them: in runs, because a reader gets what a partition has. */
function mixed(messages: readonly MarketMessage[], prng: Prng): readonly MarketMessage[] {
  const queues = [...Map.groupBy(messages, ({ type, value }) => `${type} ${value.symbol}`).values()].map((all) => [
    ...all,
  ]);
  const order: MarketMessage[] = [];
  while (order.length < messages.length) {
    const left = queues.filter((queue) => queue.length > 0);
    const queue = left[Math.floor(uniform(prng) * left.length)]!;
    order.push(...queue.splice(0, 1 + Math.floor(uniform(prng) ** 4 * queue.length)));
  }
  return order;
}

/** A snapshot whose lists of symbols are sorted: which was first seen says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    const areNamed = items.every((item) => JSON.stringify(item)?.match(/^(\{"symbol":|\["[A-Z])/));
    return areNamed ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sorted(item)]));
}

it("every view comes to the same in twenty orders", async () => {
  const messages = await market();
  expect(messages.length).toBeGreaterThan(900);
  const seed = BigInt(Math.floor(Math.random() * 2 ** 32));
  console.log(`interleaving: ${messages.length} messages, seed ${seed}`);
  const prng = new Prng(seed);
  for (const { agent } of await seats()) {
    const seen = (order: readonly MarketMessage[]) => {
      const view = agent.view.create();
      for (const message of order) agent.view.fold(view, message);
      return sorted(JSON.parse(encodeJson(agent.view.snapshot(view))));
    };
    const expected = seen(messages);
    for (let n = 0; n < ORDERS; n++)
      expect(seen(mixed(messages, prng)), `${agent.canvas.agent}, seed ${seed}`).toEqual(expected);
  }
}, 120_000);
