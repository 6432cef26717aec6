import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  BodySchema,
  EntryPostedSchema,
  FillSchema,
  KeyPurpose,
  OrderAcceptedSchema,
  OrderReportedSchema,
  OrderStatus,
  SignedSchema,
} from "@countersign/contracts";
import { attach, deriveMsgId, seal } from "@countersign/envelope";
import { type Entry, emptyHead } from "@countersign/quorum";
import { describe, expect, it } from "vitest";
import {
  controlEntry,
  genesisEntry,
  haltContent,
  signer,
  timeMs,
  votesFor,
} from "../../../packages/quorum/test/platform.ts";
import { Tape } from "./tape.ts";

const signed = fromBinary(SignedSchema, genesisEntry.proposes[0]!);
const { payload: request } = fromBinary(BodySchema, signed.payload!);
const spec = { mode: "paper", genesis: Buffer.from(request!).toString("base64") } as const;
const halted = controlEntry(genesisEntry, haltContent({ haltId: "h1" }));

describe("what is heard of a bus", () => {
  it("an order counts under a key that is granted only by what is heard after it", () => {
    const tape = new Tape(spec);
    tape.hear(said(0, "order.accepted", accepted("o1")));
    expect(tape.orders()).toEqual([]);
    tape.hear(posted(0, genesisEntry));
    expect(tape.orders()).toMatchObject([{ clientOrderId: "o1", acceptedMs: timeMs, fills: [], endedMs: undefined }]);
  });

  it("an order under a key that nobody granted never counts", () => {
    const tape = new Tape(spec);
    tape.hear(posted(0, genesisEntry));
    tape.hear(said(0, "order.accepted", accepted("o1"), "a thief's"));
    expect(tape.orders()).toEqual([]);
  });

  it("what is heard twice, from a tap that began again, is one order with one fill", () => {
    const tape = new Tape(spec);
    const filled = toBinary(FillSchema, create(FillSchema, { clientOrderId: "o1", fillId: "f1" }));
    const lines = [
      posted(0, genesisEntry),
      said(0, "order.accepted", accepted("o1")),
      said(1, "order.filled", filled),
      // Said again by an Execution that came back.
      said(2, "order.filled", filled),
      said(3, "order.reported", reported("o1", OrderStatus.FILLED)),
    ];
    for (const line of [...lines, ...lines]) tape.hear(line);
    expect(tape.orders()).toMatchObject([{ clientOrderId: "o1", fills: ["f1"], endedMs: timeMs }]);
  });

  it("an order that works is not at its end", () => {
    const tape = new Tape(spec);
    tape.hear(posted(0, genesisEntry));
    tape.hear(said(0, "order.accepted", accepted("o1")));
    tape.hear(said(1, "order.reported", reported("o1", OrderStatus.NEW)));
    expect(tape.orders()[0]?.endedMs).toBeUndefined();
  });

  it("an intent has its order, or the code it was refused with, or no answer yet", () => {
    const tape = new Tape(spec);
    tape.hear(posted(0, genesisEntry));
    const lines = [
      said(0, "order.intent", new Uint8Array()),
      said(1, "order.accepted", accepted("o1", "order.intent 0")),
      said(2, "order.intent", new Uint8Array()),
      said(3, "order.reported", reported("o2", OrderStatus.REJECTED, "order.intent 2")),
      said(4, "order.intent", new Uint8Array()),
    ];
    for (const line of lines) tape.hear(line);
    expect(tape.intents().map(({ answer }) => answer)).toEqual(["accepted", "RECONCILING", undefined]);
  });

  it("a halt is in force when two of three have voted for it, and not by one", () => {
    const one = new Tape(spec);
    one.hear(posted(0, genesisEntry));
    one.hear(posted(1, halted, ["validator-1"]));
    expect(one.halts()).not.toContain("h1");
    const two = new Tape(spec);
    two.hear(posted(0, genesisEntry));
    two.hear(posted(1, halted, ["validator-1", "validator-3"]));
    expect(two.halts()).toContain("h1");
  });

  it("books with an entry that nobody has posted are no books", async () => {
    const tape = new Tape(spec);
    tape.hear(posted(0, halted));
    await expect(tape.books()).rejects.toThrow("control log: entry 1 was never posted");
  });
});

function accepted(clientOrderId: string, intentKey = ""): Uint8Array {
  return toBinary(OrderAcceptedSchema, create(OrderAcceptedSchema, { clientOrderId, intentKey }));
}

function reported(clientOrderId: string, status: OrderStatus, intentKey = ""): Uint8Array {
  const code = status === OrderStatus.REJECTED ? { code: "RECONCILING" } : {};
  return toBinary(OrderReportedSchema, create(OrderReportedSchema, { clientOrderId, status, intentKey, ...code }));
}

function posted(offset: number, entry: Entry, voters?: readonly string[]): string {
  const payload = toBinary(EntryPostedSchema, create(EntryPostedSchema, { entry: entry.bytes }));
  const sealed = sealedBody("control.entry", "control.halt.v1", payload, `${offset}`);
  return line("control.halt.v1", offset, attach(sealed, votesFor(entry, voters)));
}

function said(offset: number, type: string, payload: Uint8Array, by?: string): string {
  return line("orders.execution.v1", offset, sealedBody(type, "orders.execution.v1", payload, `${type} ${offset}`, by));
}

function line(topic: string, offset: number, value: Uint8Array): string {
  return JSON.stringify([topic, 0, offset, Buffer.from(value).toString("base64")]);
}

function sealedBody(
  type: string,
  topic: string,
  payload: Uint8Array,
  name: string,
  by = `operator ${KeyPurpose.ENVELOPE}`,
) {
  const msgId = deriveMsgId({ timeMs, sender: "operator", causationId: name, effectIndex: 0 });
  const body = {
    msgId,
    type,
    version: "v1",
    correlationId: msgId,
    causationId: "",
    sentAtMs: BigInt(timeMs),
    ttlMs: 0,
    sender: "operator",
    intent: "COMMIT",
    idempotencyKey: name,
    topic,
    key: "main",
    seq: 1n,
    prev: emptyHead.digest,
    payload,
  };
  return seal(body, signer(by)).bytes;
}
