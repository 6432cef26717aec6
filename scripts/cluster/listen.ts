/** What a running cluster says of its orders, heard and not touched: it counts where the signature holds by the keys that the control log grants. */
import type { Message } from "@bufbuild/protobuf";
import type { Delivered } from "@countersign/bus";
import { KafkaBus } from "@countersign/bus/kafka";
import { openEnvelope } from "@countersign/envelope";
import { kafkaOf, readSpec } from "@countersign/platform";
import { isTransient, payloadOf } from "@countersign/runtime";
import { applyPosted } from "../../platform/src/listeners.ts";
import { readControlLog } from "../../platform/src/processes/control-log.ts";
import { groupOfDesk } from "../../platform/src/processes/read-throughout.ts";
import { askAtStart } from "./at-start.ts";

export interface Listening extends AsyncDisposable {
  /** Messages, by whether somebody has signed them who may. */
  readonly heard: { readonly authentic: number; readonly not: number };
}

interface ListenOptions {
  /** The cluster's folder. */
  readonly dir: string;
  /** Of the listener, for the brokers. */
  readonly name: string;
}

export async function listen(
  { dir, name }: ListenOptions,
  onHeard: (type: string, payload: Message, nowMs: number) => void,
): Promise<Listening> {
  const spec = readSpec(dir);
  const kafka = kafkaOf(dir, spec);
  const fence = await askAtStart(() => readControlLog(kafka, spec), { isAway: isTransient });
  const heard = { authentic: 0, not: 0 };
  const bus = new KafkaBus({ ...kafka, clientId: `countersign-${name}`, onError: () => {} });
  const follow = (topics: readonly string[], from: "earliest" | "latest", take: (one: readonly Delivered[]) => void) =>
    bus.subscribe(
      {
        topics,
        // Brokers know the desk's groups by their beginning.
        as: { kind: "every", name: groupOfDesk(name) },
        from,
        maxInFlightBytes: 4_000_000,
        maxProcessingMs: 30_000,
      },
      ({ records }) => {
        take(records);
        return { through: records.at(-1)!.offset };
      },
    );
  // Keys come and go while somebody listens for hours.
  await follow(["control.halt.v1"], "earliest", (records) => applyPosted(fence, records));
  await follow(["risk.policy.v1", "orders.execution.v1", "ledger.entries.v1"], "latest", (records) => {
    for (const { value } of records) {
      const opened = openEnvelope(value, fence.keys);
      heard[opened.ok ? "authentic" : "not"]++;
      const payload = opened.ok ? payloadOf(opened) : undefined;
      if (opened.ok && payload !== undefined) onHeard(opened.body.type, payload, Date.now());
    }
  });
  return { heard, [Symbol.asyncDispose]: () => bus.close(1_000) };
}
