/** The control log as it is now, for whoever is no process of the cluster: whose keys count, which halts are in force. */
import type { KafkaAddress } from "@countersign/bus/kafka";
import { FenceReader, genesisDigest } from "@countersign/quorum";
import { applyPosted } from "../listeners.ts";
import type { ClusterSpec } from "./cluster.ts";
import { readAlone } from "./read-throughout.ts";

/** From the topic alone, each entry checked by its certificate: true, and perhaps not the newest. @throws BusError */
export async function readControlLog(kafka: KafkaAddress, { genesis }: ClusterSpec): Promise<FenceReader> {
  const fence = new FenceReader({ genesisDigest: genesisDigest(Buffer.from(genesis, "base64")) });
  const client = { ...kafka, clientId: "countersign-control" };
  await readAlone(client, "control.halt.v1", (records) => applyPosted(fence, records));
  return fence;
}
