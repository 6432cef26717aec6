import { readFileSync } from "node:fs";
import { create, type Message, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  EntryPostedSchema,
  FillSchema,
  Log,
  LogEntrySchema,
  Mode,
  OrderAcceptedSchema,
  OrderIntentSchema,
  OrderRejectedSchema,
  OrderReportedSchema,
  OrderStatus,
  OrderType,
  PermitIssuedSchema,
  ProposeRequestSchema,
  Side,
  SignedSchema,
  TimeInForce,
} from "@countersign/contracts";
import { deriveSigner, type EnvelopeBody, seal } from "@countersign/envelope";
import { describe, expect, it } from "vitest";
import { type Heard, Narrator, type Told } from "./told.ts";
import { readEvidence } from "./why/evidence.ts";

const recorded = new URL("../test/fixtures/run", import.meta.url).pathname;
const BODY = {
  msgId: "",
  version: "v1",
  correlationId: "",
  causationId: "",
  sentAtMs: 1_000n,
  ttlMs: 0,
  sender: "",
  intent: "",
  idempotencyKey: "",
  topic: "",
  key: "",
};

const heard = (type: string, payload: Message, votes = 0): Heard => {
  const attached = Array.from({ length: votes }, () => create(SignedSchema));
  return { body: { ...BODY, type, payload: new Uint8Array() } satisfies EnvelopeBody, payload, attached };
};

type Fields = Pick<MessageInitShape<typeof OrderIntentSchema>, "side" | "proposer">;
const intentBytes = (fields: Fields = {}) =>
  toBinary(
    OrderIntentSchema,
    create(OrderIntentSchema, {
      intentKey: "key",
      account: "main",
      venue: "paper",
      symbol: "AAPL",
      side: Side.BUY,
      quantity: { units: 100n, scale: 0 },
      type: OrderType.MARKET,
      bandLow: { units: 9_000n, scale: 2 },
      bandHigh: { units: 11_000n, scale: 2 },
      timeInForce: TimeInForce.IOC,
      reduceOnly: false,
      mode: Mode.REPLAY,
      proposer: "portfolio",
      principal: "strategy:trend@1",
      parent: "key",
      explanation: "The price has risen.",
      ...fields,
    }),
  );

const signature = Buffer.from("9f2cab", "hex");
const permitted = (fields?: Fields) =>
  heard(
    "permit.issued",
    create(PermitIssuedSchema, {
      intentKey: "key",
      intent: intentBytes(fields),
      permit: create(SignedSchema, { signatures: [{ sig: signature }] }),
    }),
  );
const accepted = () =>
  heard("order.accepted", create(OrderAcceptedSchema, { intentKey: "key", intent: intentBytes() }));
const fillOf = (fillId: string, units: bigint, price: bigint) =>
  create(FillSchema, { fillId, intentKey: "key", lastQty: { units, scale: 0 }, lastPx: { units: price, scale: 2 } });
const filled = (...fill: Parameters<typeof fillOf>) => heard("order.filled", fillOf(...fill));
const ended = (status: OrderStatus, fields: { code?: string; place?: string; text?: string } = {}) =>
  heard("order.reported", create(OrderReportedSchema, { intentKey: "key", status, ...fields }));

/** As the validators post it: the whole sealed proposal stands in the entry. */
function booked(votes: number, ...fills: readonly ReturnType<typeof fillOf>[]): Heard {
  const request = create(ProposeRequestSchema, {
    opId: "op",
    log: Log.LEDGER,
    content: { case: "fills", value: { account: "main", fills: [...fills] } },
  });
  const body = {
    ...BODY,
    type: "quorum.propose",
    sender: "execution",
    topic: "QuorumService.Propose",
    payload: toBinary(ProposeRequestSchema, request),
  };
  const propose = seal(body, deriveSigner(new Uint8Array(32), "execution")).bytes;
  const entry = create(LogEntrySchema, { log: Log.LEDGER, seq: 2n, prev: new Uint8Array(32), proposes: [propose] });
  return heard("ledger.entry", create(EntryPostedSchema, { entry: toBinary(LogEntrySchema, entry) }), votes);
}

function tell(...records: readonly Heard[]): readonly Told[] {
  const narrator = new Narrator(3);
  for (const record of records) narrator.hear(record);
  return narrator.all;
}

const said = ({ kind, what, because, note }: Told) => [kind, what, because, note].join(" | ");

describe("an order", () => {
  it("is told once, when it is over and every fill of it is booked", () => {
    const fills = [fillOf("1", 60n, 10_000n), fillOf("2", 40n, 10_001n)];
    const records = [
      permitted(),
      accepted(),
      filled("1", 60n, 10_000n),
      booked(3, fills[0]!),
      filled("2", 40n, 10_001n),
      ended(OrderStatus.FILLED),
    ];
    expect(tell(...records)).toEqual([]);
    const lines = tell(...records, booked(2, fills[1]!), ended(OrderStatus.FILLED));
    expect(lines.map(said)).toEqual(["BOUGHT | 100 AAPL @ 100.00 | The price has risen | permit 9f2c · votes 2/3"]);
  });

  it("that was filled in part says of how much", () => {
    const lines = tell(
      permitted(),
      accepted(),
      filled("1", 60n, 10_000n),
      booked(3, fillOf("1", 60n, 10_000n)),
      ended(OrderStatus.CANCELED),
    );
    expect(lines.map(said)).toEqual([
      "BOUGHT | 60 of 100 AAPL @ 100.00 | The price has risen | permit 9f2c · votes 3/3",
    ]);
  });

  it.each([
    [{ side: Side.SELL }, "SOLD | −100 AAPL @ 100.00"],
    [{ side: Side.SELL, proposer: "hedger" }, "HEDGED | −100 AAPL @ 100.00"],
    [{ proposer: "hedger" }, "HEDGED | +100 AAPL @ 100.00"],
  ])("%# is named by side and proposer", (fields, line) => {
    const lines = tell(
      permitted(fields),
      accepted(),
      filled("1", 100n, 10_000n),
      booked(3, fillOf("1", 100n, 10_000n)),
      ended(OrderStatus.FILLED),
    );
    expect(lines.map(said)[0]).toMatch(new RegExp(`^${line.replaceAll("|", "\\|").replace("+", "\\+")} `));
  });

  it("that the venue gave nothing for is told, and one that was refused at the gate says where", () => {
    expect(tell(permitted(), accepted(), ended(OrderStatus.CANCELED)).map(said)).toEqual([
      "UNFILLED | buy 100 AAPL | the venue gave nothing for it | ",
    ]);
    const refused = ended(OrderStatus.REJECTED, { code: "HALTED", place: "gate", text: "trading is halted" });
    expect(tell(permitted(), accepted(), refused).map(said)).toEqual([
      "REFUSED | buy 100 AAPL | trading is halted | at the venue gate",
    ]);
  });

  it("is not over because somebody sent it a second time", () => {
    const second = ended(OrderStatus.REJECTED, { code: "DUPLICATE_ORDER", place: "accept" });
    expect(tell(permitted(), accepted(), second)).toEqual([]);
    expect(tell(permitted(), second).map(said)).toEqual(["REFUSED | buy 100 AAPL | DUPLICATE_ORDER | at acceptance"]);
  });
});

it("a refusal names the rule that refused, not the first that was breached", () => {
  const rules = [
    {
      rule: "large order",
      action: "escalate",
      breached: true,
      explanation: "order 56,397.25 USD, limit 40,000 USD (ask)",
    },
    { rule: "position", action: "reject", breached: true, explanation: "position 61 % of equity, limit 60 %" },
    { rule: "turnover", action: "reject", breached: true, explanation: "turnover today 210 % of equity, limit 200 %" },
  ];
  const refused = heard(
    "order.rejected",
    create(OrderRejectedSchema, { intentKey: "key", intent: intentBytes(), code: "POSITION_LIMIT", rules }),
  );
  expect(tell(refused).map(said)).toEqual([
    "REFUSED | buy 100 AAPL | position 61 % of equity, limit 60 % | and 1 more rule",
  ]);
});

it("the same records are always told in the same words, with the same numbers", () => {
  const { records, told } = readEvidence(recorded);
  const narrator = new Narrator(3);
  for (const { body, ...record } of records) {
    narrator.hear({ body: { ...BODY, ...body, payload: new Uint8Array() }, ...record });
    // The intruder is no record: whoever lets him in tells of him.
    const next = told[narrator.all.length];
    if (next?.kind === "INTRUDER") narrator.tell(next);
  }
  expect(narrator.all).toEqual(told);
  expect(readFileSync(`${recorded}/run.json`, "utf8")).toContain('"kind": "INTRUDER"');
});
