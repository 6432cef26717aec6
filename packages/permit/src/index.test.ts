import { describe, expect, it } from "vitest";
import { ann, approvalFields, attempt, intent, orderOf, permitFields, policy } from "../test/world.ts";
import * as permit from "./index.ts";

describe("the public face", () => {
  it("is this list", () => {
    expect(Object.keys(permit).sort()).toEqual([
      "authorise",
      "checkApprovals",
      "gateCodes",
      "haltSubject",
      "intentDigest",
      "issuePermit",
      "openApproval",
      "readApproval",
      "readPermit",
      "reducesRisk",
      "signApproval",
    ]);
  });

  it("works as the README shows", () => {
    const signed = permit.issuePermit(permitFields({ intentDigest: permit.intentDigest(intent) }), policy);
    const approval = permit.signApproval(approvalFields("person.ann"), ann);
    const ceiling = { approvalsNeeded: () => 1 };
    expect(permit.authorise(attempt({ permit: signed, approvals: [approval], ceiling })).ok).toBe(true);
    expect(permit.readPermit(signed.payload ?? new Uint8Array())).toEqual(permitFields());
    expect(permit.readApproval(approval.payload ?? new Uint8Array())).toEqual(approvalFields("person.ann"));
  });
});

describe("haltSubject", () => {
  it("names the strategy without its digest, where the principal is one", () => {
    const order = orderOf(intent);
    const subject = { account: "acct-1", symbol: "AAPL", venue: "paper" };
    expect(permit.haltSubject(order)).toEqual({ ...subject, strategy: "" });
    expect(permit.haltSubject({ ...order, principal: "strategy:trend@ab12" })).toEqual({
      ...subject,
      strategy: "trend",
    });
  });
});
