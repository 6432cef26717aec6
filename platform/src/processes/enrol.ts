/** Enrolments at a cluster's folder: where private keys are made and put into use, and from where all of one is proposed. */
import { KeyPurpose, Log, type ProposeRequest, type ProposeResponse } from "@countersign/contracts";
import { modes } from "../agents.ts";
import { authority } from "../authority-file.ts";
import { type Enrolment, newEnrolment, type RoleAsked } from "../enrolment.ts";
import { purposesOf } from "../senders.ts";
import { keysDir, readSpec } from "./cluster.ts";
import type { Desk } from "./desk.ts";
import { KeyFiles } from "./key-files.ts";

/** Keys count from before they were made: a clock may be behind. */
const CLOCKS_APART_MS = 600_000;

/** Makes every key of the sender, beside those in use. @throws InputError */
export function makeKeys(dir: string, sender: string, role: RoleAsked | undefined): Enrolment {
  const { platform, mode } = readSpec(dir);
  const files = new KeyFiles(keysDir(dir), { makes: true });
  for (const purpose of purposesOf(sender, authority)) files.checkNext(sender, purpose);
  const signers = { signer: (name: string, purpose: KeyPurpose) => files.next(name, purpose) };
  const facts = { platform, sender, mode: modes[mode], authority, fromMs: Date.now() - CLOCKS_APART_MS };
  return newEnrolment(signers, { ...facts, ...(role && { role }) });
}

/** One after the other, each until it is in the log; a content that is there already is no difference. @throws RpcError */
export async function proposeAll(
  desk: Pick<Desk, "ofAnyValidator" | "person">,
  contents: readonly ProposeRequest["content"][],
): Promise<{ readonly entries: readonly bigint[]; readonly refused?: ProposeResponse }> {
  const entries: bigint[] = [];
  for (const content of contents) {
    const answer = await desk.ofAnyValidator((one) => desk.person.propose(Log.CONTROL, content, one));
    if (answer.code !== undefined) return { entries, refused: answer };
    entries.push(answer.seq ?? 0n);
  }
  return { entries };
}

/** Where this folder holds the keys that were enrolled, they are the sender's from its next start on. */
export function takeIntoUse(dir: string, { sender, keys }: Enrolment): boolean {
  const files = new KeyFiles(keysDir(dir), { makes: false });
  return keys
    .map(({ what }) => files.adopt(sender, what.purpose ?? KeyPurpose.UNSPECIFIED, what.keyid ?? ""))
    .some(Boolean);
}
