import { create } from "@bufbuild/protobuf";
import { RefusedSchema, SignalSchema } from "@countersign/contracts";
import { describe, expect, it } from "vitest";
import { Day } from "../../test/day.ts";
import { eventOf, logRecords, recordsCsv } from "./records.ts";

describe("records as rows", () => {
  it("are all of the log in its order, by what an audit calls them, and no formula of anybody's", async () => {
    const day = await Day.open();
    const explanation = '=HYPERLINK("http://evil.example")';
    const signal = create(SignalSchema, { symbol: "AAPL", explanation });
    await day.say("signal", "signals.market.v1", "AAPL", "market.signal", signal);
    const refused = create(RefusedSchema, { code: "STALE", explanation: "too late" });
    await day.say("execution", "audit.records.v1", "execution", "decision.refused", refused);
    const lines = await day.file();
    const records = [...logRecords(lines)];
    expect(records.map((record) => `${record.index} ${eventOf(record)} ${record.sender}`)).toEqual([
      "0 system validator-1",
      "1 proposal signal",
      "2 error execution",
    ]);
    const [, , row = "", last = ""] = recordsCsv(records).split("\r\n");
    expect(row).toContain(`,"'=HYPERLINK(""http://evil.example"")"`);
    expect(last).toMatch(/^2,2015-06-01T14:00:00\.000Z,error,execution,audit\.records\.v1,.*,STALE,too late$/);
  });
});
