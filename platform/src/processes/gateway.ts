/** The gateway as a process: for now it says that it lives. */
import { beat, heartbeat } from "./agent.ts";
import type { Process } from "./process.ts";

export async function runGateway(own: Process): Promise<{ close(): Promise<void> }> {
  const teller = await own.openTeller(await own.openStore());
  await own.genesis();
  own.server.setServing(true);
  beat(own, () => teller.say(heartbeat(own)));
  own.hot?.reading([...own.spec.traded, ...(own.spec.hedge === null ? [] : [own.spec.hedge])]);
  own.ready();
  return { close: () => teller.close(1_000) };
}
