/** The whole platform on memory stores, over the recorded market; and in it, once it trades, the intruder with his whole list. */
import { Mode } from "@countersign/contracts";
import { parseMoney } from "@countersign/orders";
import { admit } from "@countersign/runtime";
import type { Embedded } from "../../../platform/src/embedded.ts";
import { ATTEMPTS, type AttackReport, Intruder } from "../../../platform/src/intruder.ts";
import { runDayInMemory } from "../../support/day.ts";

export interface Attacked {
  readonly report: AttackReport;
  /** "sender type" of every record that anybody but Portfolio said meanwhile, and had the right to say. */
  readonly said: readonly string[];
  /** What the firm holds: both logs' heads, and what Policy knows of the account. */
  readonly before: unknown;
  readonly after: unknown;
}

const ACCOUNT = "main";
/** Orders have been filled and booked when he comes. */
const FILLS_BEFORE = 2;

export async function attackEmbedded(): Promise<Attacked> {
  const attacks: Attacked[] = [];
  const said: string[] = [];
  let intruder: Intruder | undefined;
  const afterEvent = async (embedded: Embedded): Promise<void> => {
    if (intruder === undefined) {
      intruder = await Intruder.listen(embedded, { account: ACCOUNT, deposit: parseMoney("100000.00", "USD") });
      await listen(embedded, said);
    }
    if (attacks.length > 0 || !intruder.isDue(FILLS_BEFORE)) return;
    said.length = 0;
    const before = await holdings(embedded);
    const report = await intruder.attack(ATTEMPTS);
    attacks.push({ report, said: [...said], before, after: await holdings(embedded) });
  };
  await runDayInMemory({ from: "2015-06-01", to: "2016-05-31", hooks: { afterEvent } }, async () => {});
  const [attacked] = attacks;
  if (attacked === undefined) throw new Error("the market is over, and the intruder has seen no order");
  return attacked;
}

/** Hears what an agent would act on: what is authentic and allowed. */
async function listen({ bus, fence, recordTopics, scheduler }: Embedded, said: string[]): Promise<void> {
  const as = { kind: "every", name: "listener" } as const;
  const options = { topics: recordTopics, as, from: "latest" } as const;
  await bus.subscribe({ ...options, maxInFlightBytes: 8_000_000, maxProcessingMs: 30_000 }, ({ records }) => {
    for (const { topic, key, value } of records) {
      const delivery = { bytes: value, topic, recordKey: Buffer.from(key).toString(), headers: undefined };
      const admitted = admit(delivery, fence.keys, Mode.REPLAY, scheduler.nowMs());
      if (!admitted.ok) continue;
      const { sender, type } = admitted.opened.body;
      if (sender !== "portfolio") said.push(`${sender} ${type}`);
    }
    return { through: records.at(-1)!.offset };
  });
}

async function holdings({ stores, validators }: Embedded): Promise<unknown> {
  const [validator] = validators;
  return {
    control: validator?.fence.head,
    ledger: validator?.ledgerView().digest,
    policy: await stores.get("policy")?.load(ACCOUNT),
  };
}
