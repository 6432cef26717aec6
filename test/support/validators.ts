/** The validators of a founded cluster, in this process: each at its own address, over one log in memory. */
import { makeValidator } from "@countersign/agent-validator";
import { KeyPurpose } from "@countersign/contracts";
import { GrpcRpc } from "@countersign/grpc";
import { type MemoryQuorumLog, openGenesis } from "@countersign/quorum";
import { MemoryStore } from "@countersign/runtime";
import { VALIDATORS } from "../../platform/src/genesis.ts";
import { instruments } from "../../platform/src/processes/agent.ts";
import { keysDir, readSpec } from "../../platform/src/processes/cluster.ts";
import { KeyFiles } from "../../platform/src/processes/key-files.ts";

/** Serves until its door is closed. */
export async function serveValidator(
  folder: string,
  name: (typeof VALIDATORS)[number],
  log: MemoryQuorumLog,
): Promise<GrpcRpc> {
  const { servers, genesis: base64 } = readSpec(folder);
  const genesis = Buffer.from(base64, "base64");
  const rpc = new GrpcRpc({ servers, listen: servers[name]![0]! });
  const keys = new KeyFiles(keysDir(folder), { makes: false });
  const validator = makeValidator({
    name,
    peers: [...VALIDATORS],
    mode: openGenesis(genesis).facts.mode,
    genesis,
    envelopeSigner: keys.signer(name, KeyPurpose.ENVELOPE),
    voteSigner: keys.signer(name, KeyPurpose.VOTE),
    checkpointSigner: keys.signer(name, KeyPurpose.CHECKPOINT),
    instruments: instruments(),
    log,
    store: new MemoryStore(),
    rpc,
    nowMs: () => Date.now(),
    publish: async () => {},
  });
  await rpc.listen();
  await validator.start();
  return rpc;
}
