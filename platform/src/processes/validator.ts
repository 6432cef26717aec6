/** A validator as a process: its own keys, its own feed, its own reading of both logs. */
import { makeValidator, PaperDropCopy } from "@countersign/agent-validator";
import { KeyPurpose } from "@countersign/contracts";
import { ArchivedQuorumLog } from "@countersign/quorum";
import { modes, VENUE } from "../agents.ts";
import { VALIDATORS } from "../genesis.ts";
import { followQuotes } from "../listeners.ts";
import { beat, instruments } from "./agent.ts";
import { kafkaOf } from "./credentials.ts";
import { keptOnTopics } from "./kept-entries.ts";
import { LogReader } from "./log-reader.ts";
import { readFromPeers } from "./peers-log.ts";
import { insist, type Process } from "./process.ts";
import { openQuorumLog } from "./quorum-log.ts";
import { servedRpc } from "./watched-rpc.ts";

export async function runValidator(own: Process): Promise<{ close(): Promise<void> }> {
  const { name, spec, secrets, signers, signer, pool, bus, loop } = own;
  const store = await own.openStore();
  const readElsewhere = (afterSeq: bigint) => readFromPeers(reader, name, VALIDATORS, afterSeq);
  const quorum = await insist(() => openQuorumLog(own.dir, spec, pool, { validator: name, readElsewhere }));
  const teller = await own.openTeller(store);
  const mode = modes[spec.mode];
  const venue = { venue: VENUE, account: spec.account, url: `http://${spec.venue}`, note: own.log };
  const keyNow = () => secrets().dropCopyKeys?.[name];
  const dropCopy = keyNow() === undefined ? undefined : new PaperDropCopy({ ...venue, apiKey: () => keyNow() ?? "" });
  const validator = makeValidator({
    name,
    peers: [...VALIDATORS],
    mode,
    genesis: Buffer.from(spec.genesis, "base64"),
    envelopeSigner: signer,
    voteSigner: signers.signer(name, KeyPurpose.VOTE),
    checkpointSigner: signers.signer(name, KeyPurpose.CHECKPOINT),
    instruments: instruments(),
    log: quorum,
    store,
    rpc: servedRpc(own.rpc, own.observed.probe),
    nowMs: () => loop.nowMs(),
    publish: (effect) => teller.say(effect),
    dropCopy,
    kept: keptOnTopics(kafkaOf(own.dir, spec), name),
    onPutBack(log, entries) {
      own.observed.metrics.alerted("LOG_PUT_BACK");
      own.log(`put back ${entries} certified entries that the ${log} log had forgotten`);
    },
  });
  const reader = new LogReader({ name, signer, keys: validator.fence.keys, rpc: own.rpc, nowMs: () => loop.nowMs() });
  await insist(() => validator.start());
  own.server.setServing(true);
  beat(own, () => validator.retry());
  // The others' genesis may come by this one: only its feed and its heartbeat wait for it.
  own.genesis().then(async () => {
    await followQuotes(bus, validator.fence.keys, validator, mode, () => loop.nowMs());
    beat(own, () => validator.tick());
    if (quorum instanceof ArchivedQuorumLog)
      beat(own, () => quorum.archive(validator.ledgerView(), { validator: name, validators: VALIDATORS }));
    own.ready();
  }, own.onBroken);
  return {
    async close() {
      dropCopy?.close();
      await teller.close(1_000);
      quorum.close();
    },
  };
}
