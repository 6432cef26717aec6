/** A validator as a process: its own keys, its own feed, its own reading of both logs. */
import { makeValidator } from "@countersign/agent-validator";
import { KeyPurpose } from "@countersign/contracts";
import { modes } from "../agents.ts";
import { VALIDATORS } from "../genesis.ts";
import { followQuotes } from "../listeners.ts";
import { beat, instruments } from "./agent.ts";
import { insist, type Process } from "./process.ts";
import { openQuorumLog } from "./quorum-log.ts";
import { servedRpc } from "./watched-rpc.ts";

export async function runValidator(own: Process): Promise<{ close(): Promise<void> }> {
  const { name, spec, signers, signer, pool, bus, loop } = own;
  const store = await own.openStore();
  const quorum = await insist(() => openQuorumLog(spec, pool));
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
  await insist(() => validator.start());
  own.server.setServing(true);
  // The others' genesis may come by this one: only its feed and its heartbeat wait for it.
  own.genesis().then(async () => {
    await followQuotes(bus, validator.fence.keys, validator, modes.paper, () => loop.nowMs());
    beat(own, () => validator.tick());
    own.ready();
  }, own.onBroken);
  return {
    async close() {
      await teller.close(1_000);
      quorum.close();
    },
  };
}
