import { openEnvelope, readableView } from "@countersign/envelope";
import { readSpec } from "./cluster.ts";
import { readControlLog } from "./control-log.ts";
import { kafkaOf } from "./credentials.ts";

export type LetterReading =
  | { readonly ok: true; readonly keyid: string; readonly json: string }
  | { readonly ok: false; readonly code: string };

/** An envelope as a person reads it, where its signature holds by the keys that the cluster's control log grants now. @throws BusError */
export async function readLetter(dir: string, value: Uint8Array): Promise<LetterReading> {
  const spec = readSpec(dir);
  const fence = await readControlLog(kafkaOf(dir, spec), spec);
  const opened = openEnvelope(value, fence.keys);
  if (!opened.ok) return { ok: false, code: opened.code };
  try {
    return { ok: true, keyid: opened.keyid, json: JSON.stringify(readableView(opened), null, 2) };
  } catch {
    return { ok: false, code: "PAYLOAD_MALFORMED" };
  }
}
