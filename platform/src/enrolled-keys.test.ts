import { KeyPurpose, Mode } from "@countersign/contracts";
import { expect, it } from "vitest";
import { authority } from "./authority-file.ts";
import { keysToRevoke } from "./enrolled-keys.ts";
import { newEnrolment } from "./enrolment.ts";
import { ReplayKeys } from "./keys.ts";

/** Two generations of a sender's keys. */
function grantsOf(sender: string) {
  const facts = { platform: "test", sender, mode: Mode.PAPER, authority, fromMs: 0 };
  const keys = ["first", "second"].flatMap((seed) => newEnrolment(new ReplayKeys(seed), facts).keys);
  return { grants: keys.map(({ what: grant }) => ({ grant, atMs: 0 })) };
}

const purposes = (who: string, old = true) => keysToRevoke(who, { old }, grantsOf(who)).map(({ purpose }) => purpose);

it("takes the keys that were followed by others, but those whose checkpoints are still verified", () => {
  expect(purposes("policy")).toEqual([KeyPurpose.ENVELOPE, KeyPurpose.PERMIT]);
  expect(purposes("compliance")).toEqual([KeyPurpose.ENVELOPE]);
  expect(purposes("person:ann", false)).toHaveLength(4);
  expect(() => purposes("policy", false)).toThrow("policy cannot speak without its keys");
});
