/** Keys of a firm that trades, followed by others and taken away, as persons do it. */
import { KeyPurpose, Log, Mode } from "@countersign/contracts";
import { authority } from "../../platform/src/authority-file.ts";
import { enrolledKeys } from "../../platform/src/enrolled-keys.ts";
import { contentsOf, newEnrolment, signEnrolment } from "../../platform/src/enrolment.ts";
import { VALIDATORS } from "../../platform/src/genesis.ts";
import type { RevocationReason } from "../../platform/src/person.ts";
import { ADA, BOB } from "../promises/support/p01-firm.ts";
import type { Floor } from "../promises/support/p01-floor.ts";

/** Enrols the sender's next keys, signed by Ada and Bob. They are used by whoever starts after `firm.keys.next`. */
export async function enrolNext(floor: Floor, sender: string): Promise<void> {
  const { keys } = floor.firm;
  const signers = keys.of(keys.generation(sender) + 1);
  const fromMs = floor.scheduler.nowMs();
  const facts = { platform: "countersign-embedded", sender, mode: Mode.REPLAY, authority, fromMs };
  let enrolment = newEnrolment(signers, facts);
  for (const person of [ADA, BOB])
    enrolment = signEnrolment(enrolment, floor.person(person), floor.fence.control().changes);
  for (const content of contentsOf(enrolment)) {
    const { code, text } = await floor.step(() => floor.person(ADA).propose(Log.CONTROL, content, VALIDATORS[0]));
    if (code !== undefined) throw new Error(`${sender} is not enrolled: ${code} ${text}`);
  }
}

/** Takes the sender's keys of this generation away: Ada alone does. */
export async function revoke(
  floor: Floor,
  sender: string,
  { reason = "superseded" as RevocationReason, generation = 0, purposes = ALL } = {},
): Promise<void> {
  const signers = floor.firm.keys.of(generation);
  const keyids = purposes.map((purpose) => signers.signer(sender, purpose).keyid);
  for (const key of enrolledKeys(floor.fence.control())) {
    if (key.sender !== sender || !keyids.includes(key.keyid ?? "")) continue;
    const { code } = await floor.step(() => floor.person(ADA).revoke(key, reason, VALIDATORS[0]));
    if (code !== undefined) throw new Error(`${sender}'s key stays: ${code}`);
  }
}

const ALL: readonly KeyPurpose[] = [
  KeyPurpose.ENVELOPE,
  KeyPurpose.PERMIT,
  KeyPurpose.APPROVAL,
  KeyPurpose.VOTE,
  KeyPurpose.CHECKPOINT,
];
