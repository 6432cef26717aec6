/** A validator as a process: its own keys, its own feed, its own reading of both logs. */

import { toBinary } from "@bufbuild/protobuf";
import { makeValidator } from "@countersign/agent-validator";
import { type CertifiedEntry, KeyPurpose, SignedSchema } from "@countersign/contracts";
import { ArchivedQuorumLog, type LogRecord, QuorumError, readEntry } from "@countersign/quorum";
import { modes } from "../agents.ts";
import { VALIDATORS } from "../genesis.ts";
import { followQuotes } from "../listeners.ts";
import { beat, instruments } from "./agent.ts";
import { LogReader } from "./log-reader.ts";
import { insist, type Process } from "./process.ts";
import { openQuorumLog } from "./quorum-log.ts";
import { servedRpc } from "./watched-rpc.ts";

export async function runValidator(own: Process): Promise<{ close(): Promise<void> }> {
  const { name, spec, signers, signer, pool, bus, loop } = own;
  const store = await own.openStore();
  const quorum = await insist(() => openQuorumLog(spec, pool, { validator: name, readElsewhere }));
  const teller = await own.openTeller(store);
  const validator = makeValidator({
    name,
    peers: [...VALIDATORS],
    mode: modes.paper,
    genesis: Buffer.from(spec.genesis, "base64"),
    envelopeSigner: signer,
    voteSigner: signers.signer(name, KeyPurpose.VOTE),
    instruments: instruments(),
    log: quorum,
    store,
    rpc: servedRpc(own.rpc, own.observed.probe),
    nowMs: () => loop.nowMs(),
    publish: (effect) => teller.say(effect),
  });
  const reader = new LogReader({ name, signer, keys: validator.fence.keys, rpc: own.rpc, nowMs: () => loop.nowMs() });
  await insist(() => validator.start());
  own.server.setServing(true);
  // The others' genesis may come by this one: only its feed and its heartbeat wait for it.
  own.genesis().then(async () => {
    await followQuotes(bus, validator.fence.keys, validator, modes.paper, () => loop.nowMs());
    beat(own, () => validator.tick());
    if (quorum instanceof ArchivedQuorumLog)
      beat(own, () => quorum.archive(validator.ledgerView(), { validator: name, validators: VALIDATORS }));
    own.ready();
  }, own.onBroken);
  return {
    async close() {
      await teller.close(1_000);
      quorum.close();
    },
  };

  /** The ledger's past from one of the others, when this validator's archive was lost. @throws QuorumError when nobody answers */
  async function readElsewhere(afterSeq: bigint): Promise<readonly LogRecord[]> {
    for (const peer of VALIDATORS) {
      const answer = peer === name ? undefined : await reader.ask(peer, "ledger", afterSeq);
      if (answer !== undefined) return answer.entries.flatMap(recordOf);
    }
    throw new QuorumError("LOG_UNREACHABLE", `${name} has lost its archive, and no other validator answers`);
  }
}

/** Who committed it is not said: its own past a validator has announced long ago. */
function recordOf({ entry: bytes, votes }: CertifiedEntry): readonly LogRecord[] {
  const entry = bytes === undefined ? undefined : readEntry(bytes);
  if (entry === undefined) return [];
  const { seq, digest } = entry;
  return [
    { seq, digest, entry: entry.bytes, votes: votes.map((vote) => toBinary(SignedSchema, vote)), committedBy: "" },
  ];
}
