/**
 * A host of one validator: the program with its own PostgreSQL, as its disk, and its own clock. On standard input, a line each: `skew MS`.
 * It says `ready DATA_FOLDER POSTMASTER`, and ends with its input.
 */
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { makeValidator } from "@countersign/agent-validator";
import { Mode } from "@countersign/contracts";
import { GrpcRpc } from "@countersign/grpc";
import { openPool, startEmbedded } from "@countersign/postgres";
import { ArchivedQuorumLog, EtcdQuorumLog, openArchive, QuorumError } from "@countersign/quorum";
import { openPostgresStore, RpcError } from "@countersign/runtime";
import {
  checkpointKey,
  envelopeKey,
  genesisOf,
  instruments,
  requestBytes,
  voteKey,
} from "../../agents/validator/test/world.ts";
import { LogReader } from "../../platform/src/processes/log-reader.ts";
import { readFromPeers } from "../../platform/src/processes/peers-log.ts";
import { orderGiven, tlsOf, VALIDATORS, type ValidatorOrder } from "./parties.ts";

/** So few that etcd forgets all the time. */
const KEPT = 20;

const order = orderGiven<ValidatorOrder>();
const { name, dir, etcd, servers, platform } = order;
let skewMs = 0;
createInterface({ input: process.stdin })
  .on("line", (line) => {
    skewMs = Number(line.replace("skew ", ""));
  })
  .on("close", () => process.exit());

const server = await startEmbedded({ dir });
const pool = openPool(server.url, { max: 6, applicationName: name });
const archived = new ArchivedQuorumLog({
  log: new EtcdQuorumLog({ endpoints: etcd, platform }),
  archive: await openArchive(pool, "archive"),
  readElsewhere: (afterSeq) => readFromPeers(reader, name, VALIDATORS, afterSeq),
});
const nowMs = () => Date.now() + skewMs;
const rpc = new GrpcRpc({ servers, listen: servers[name]![0]!, tls: tlsOf(order) });
const validator = makeValidator({
  name,
  peers: VALIDATORS,
  mode: Mode.PAPER,
  genesis: requestBytes({ case: "genesis", value: genesisOf(Mode.PAPER) }),
  envelopeSigner: envelopeKey(name),
  voteSigner: voteKey(name),
  checkpointSigner: checkpointKey(name),
  instruments,
  log: archived,
  store: await openPostgresStore(pool, "validator"),
  rpc,
  nowMs,
  // Nobody listens: who wants to know reads the log.
  publish: async () => {},
});
const reader = new LogReader({ name, signer: envelopeKey(name), keys: validator.fence.keys, rpc, nowMs });
await insist(() => validator.start());
await rpc.listen();
console.log(`ready ${server.dataDir} ${server.pid}`);
for (;;) {
  await insist(() => validator.tick());
  await insist(() => archived.archive(validator.ledgerView(), { validator: name, validators: VALIDATORS, keep: KEPT }));
  await wait(1_000);
}

/** Until its engines are there. What else goes wrong ends the program, and is a finding. */
async function insist(act: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      const isAway = error instanceof RpcError || (error instanceof QuorumError && error.code === "LOG_UNREACHABLE");
      if (!isAway) throw error;
      await wait(200);
    }
  }
}
