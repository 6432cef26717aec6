import { KeyState } from "@countersign/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grantFields, market, signerOf } from "../test/world.ts";
import { allows, Keyring } from "./keyring.ts";
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
    expect(keyring.change({ ...granted, state: KeyState.ACTIVE })).toBe("NEVER_GRANTED");
    keyring.grant(granted);
    expect(keyring.change({ ...granted, sender: "agent.policy", state: KeyState.ACTIVE })).toBe("UNPROVEN_KEY");
    const wider = makeGrant(grantFields({ sender: "agent.policy", state: KeyState.ACTIVE }), market);
    expect(keyring.change(wider)).toBe("GRANT_ALTERED");
    expect(keyring.find(market.keyid)).toMatchObject({ sender: "agent.market", state: KeyState.PENDING });
  });

  it("needs a reason for a revocation, and takes a worse one later", () => {
    const keyring = new Keyring();
    keyring.grant(granted);
    const revoke = (reason: string | undefined) => keyring.change({ ...granted, state: KeyState.REVOKED, reason });
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
          const code = keyring.change({ ...grant, state, reason: "superseded" });
          expect(code).toBe(state > highest ? undefined : "STATE_BACKWARDS");
          highest = state > highest ? state : highest;
          expect(keyring.find(signer.keyid)?.state).toBe(highest);
        }
      }),
      { numRuns: 10 },
    );
  });
});
