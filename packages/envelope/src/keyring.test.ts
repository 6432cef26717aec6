import { create } from "@bufbuild/protobuf";
import { KeyState, Role, type RoleGrant, RoleGrantSchema } from "@countersign/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grantFields, market, NOW_MS, signerOf } from "../test/world.ts";
import { allows, Keyring, keyStateCode, keysAsOf, mayDo } from "./keyring.ts";
import { makeGrant } from "./registration.ts";

const granted = makeGrant(grantFields({ state: KeyState.PENDING }), market);

describe("Keyring", () => {
  it("finds what it was granted, with its rights", () => {
    const keyring = new Keyring();
    expect(keyring.grant(granted)).toBeUndefined();
    const record = keyring.find(market.keyid);
    expect(record).toMatchObject({ sender: "agent.market", person: false, state: KeyState.PENDING });
    expect(record && allows(record, { type: "market.quote", topic: "market.quotes.v1" })).toBe(true);
    expect(record && allows(record, { type: "market.quote", topic: "orders.intent.v1" })).toBe(false);
    expect(keyring.records()).toEqual([record]);
    expect(keyring.find("another")).toBeUndefined();
  });

  it("refuses a second grant, and a bad one, and stays as it was", () => {
    const keyring = new Keyring();
    expect(keyring.grant({ ...granted, proof: new Uint8Array(64) })).toBe("UNPROVEN_KEY");
    expect(keyring.records()).toEqual([]);
    expect(keyring.grant({ ...granted, state: KeyState.REVOKED })).toBe("NO_REASON");
    keyring.grant(granted);
    expect(keyring.grant(granted)).toBe("ALREADY_GRANTED");
  });

  it("refuses a change of anything but the state, also by the holder", () => {
    const keyring = new Keyring();
    expect(keyring.change({ ...granted, state: KeyState.ACTIVE }, NOW_MS)).toBe("NEVER_GRANTED");
    keyring.grant(granted);
    expect(keyring.change({ ...granted, sender: "agent.policy", state: KeyState.ACTIVE }, NOW_MS)).toBe("UNPROVEN_KEY");
    const wider = makeGrant(grantFields({ sender: "agent.policy", state: KeyState.ACTIVE }), market);
    expect(keyring.change(wider, NOW_MS)).toBe("GRANT_ALTERED");
    expect(keyring.find(market.keyid)).toMatchObject({ sender: "agent.market", state: KeyState.PENDING });
  });

  it("needs a reason for a revocation, and takes a worse one later", () => {
    const keyring = new Keyring();
    keyring.grant(granted);
    const revoke = (reason: string | undefined) =>
      keyring.change({ ...granted, state: KeyState.REVOKED, reason }, NOW_MS);
    expect([revoke(undefined), revoke("bored")]).toEqual(["NO_REASON", "NO_REASON"]);
    expect([revoke("superseded"), revoke("compromised")]).toEqual([undefined, undefined]);
    expect(revoke("superseded")).toBe("STATE_BACKWARDS");
    expect(keyring.find(market.keyid)?.reason).toBe("compromised");
  });

  it("only ever moves forward, whatever changes are asked for", () => {
    const states = [KeyState.PENDING, KeyState.ACTIVE, KeyState.VERIFY_ONLY, KeyState.REVOKED];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...states), { maxLength: 6 }), (asked) => {
        const keyring = new Keyring();
        const signer = signerOf("property");
        const grant = makeGrant(grantFields({ state: KeyState.PENDING }), signer);
        keyring.grant(grant);
        let highest: KeyState = KeyState.PENDING;
        for (const state of asked) {
          const code = keyring.change({ ...grant, state, reason: "superseded" }, NOW_MS);
          expect(code).toBe(state > highest ? undefined : "STATE_BACKWARDS");
          highest = state > highest ? state : highest;
          expect(keyring.find(signer.keyid)?.state).toBe(highest);
        }
      }),
      { numRuns: 10 },
    );
  });
});

describe("a revoked key", () => {
  it("is refused now, and vouches for what it signed before; a worse reason does not move the time", () => {
    const keyring = new Keyring();
    keyring.grant({ ...granted, state: KeyState.ACTIVE });
    const codeAt = (timeMs: number) => {
      const key = keysAsOf(keyring, timeMs).find(market.keyid);
      return key && keyStateCode(key, timeMs, timeMs);
    };
    keyring.change({ ...granted, state: KeyState.REVOKED, reason: "superseded" }, NOW_MS + 60_000);
    expect([codeAt(NOW_MS), codeAt(NOW_MS + 69_999), codeAt(NOW_MS + 70_000)]).toEqual([
      undefined,
      undefined,
      "KEY_REVOKED",
    ]);
    const now = keyring.find(market.keyid)!;
    expect(keyStateCode(now, NOW_MS, NOW_MS)).toBe("KEY_REVOKED");
    keyring.change({ ...granted, state: KeyState.REVOKED, reason: "compromised" }, NOW_MS + 900_000);
    expect(codeAt(NOW_MS + 70_000)).toBe("KEY_COMPROMISED");
    expect(keysAsOf(keyring, NOW_MS).find("another")).toBeUndefined();
  });

  it("that was never good vouches for nothing", () => {
    const keyring = new Keyring();
    keyring.grant({ ...granted, state: KeyState.REVOKED, reason: "superseded" });
    expect(keysAsOf(keyring, NOW_MS).find(market.keyid)?.state).toBe(KeyState.REVOKED);
  });
});

describe("roles", () => {
  const ann = makeGrant(grantFields({ sender: "person:ann", person: true }), signerOf("ann"));
  const second = makeGrant(grantFields({ sender: "person:ann", person: true }), signerOf("ann, second key"));
  const role = (person: string, ...roles: Role[]): RoleGrant => create(RoleGrantSchema, { person, roles });
  const rights = (keyring: Keyring, keyid = ann.keyid!) => {
    const key = keyring.find(keyid)!;
    return (["approve", "resume", "change", "revoke"] as const).filter((right) => mayDo(key, right));
  };

  it("are of the person, whatever the key and whenever it came; where nobody has any, everybody may everything", () => {
    const keyring = new Keyring();
    keyring.grant(ann);
    expect(rights(keyring)).toEqual(["approve", "resume", "change", "revoke"]);
    keyring.assign(role("person:ann", Role.RISK));
    keyring.grant(second);
    expect([rights(keyring), rights(keyring, second.keyid)]).toEqual([
      ["approve", "resume", "revoke"],
      ["approve", "resume", "revoke"],
    ]);
    keyring.assign(role("person:ann", Role.VIEWER));
    expect(rights(keyring)).toEqual([]);
    keyring.assign(role("person:ann", Role.APPROVER, Role.ADMIN));
    expect(rights(keyring)).toEqual(["approve", "change", "revoke"]);
  });

  it("once there are any, who has none may do nothing; an agent has none to have", () => {
    const keyring = new Keyring();
    keyring.grant(ann);
    keyring.grant(granted);
    keyring.assign(role("person:bob", Role.ADMIN));
    expect(rights(keyring)).toEqual([]);
    expect(keyring.find(market.keyid)?.standing).toBeUndefined();
  });
});
