/** How the day was opened, from what went by: who is ready, who voted, what was deposited. */
import type { EntryPosted, Heartbeat } from "@countersign/contracts";
import { formatFixed, moneyFromWire } from "@countersign/orders";
import { type Embedded, type Heard, readRecord, VALIDATORS } from "@countersign/platform";
import { peekPropose, readEntry } from "@countersign/quorum";
import { amount, counted } from "../terminal/figures.ts";

export class Opening {
  #votes = 0;
  #deposits: string[] = [];

  hear({ body: { type }, payload, attached }: Heard): void {
    if (type !== "control.entry" && type !== "ledger.entry") return;
    const { entry } = payload as EntryPosted;
    for (const propose of readEntry(entry ?? new Uint8Array())?.proposes ?? []) {
      const content = peekPropose(propose)?.request.content;
      if (content?.case === "resume" && content.value.haltIds.includes("birth")) this.#votes = attached.length;
      const paid = content?.case === "deposit" ? moneyFromWire(content.value.amount) : undefined;
      if (content?.case === "deposit" && paid !== undefined)
        this.#deposits.push(`${amount(formatFixed(paid))} deposited by ${name(content.value.by)}`);
    }
  }

  async line(embedded: Embedded, seconds: number): Promise<string> {
    const ready = await readyAgents(embedded);
    const isOpen = embedded.fence.state().halts.length === 0;
    const opened = isOpen
      ? `trading opened by ${this.#votes} of ${VALIDATORS.length} validators`
      : "trading is not open";
    return `${counted(ready.size, "agent")} ready; ${[opened, ...this.#deposits].join("; ")}   ${seconds.toFixed(1)} s`;
  }
}

/** By role: the three validators are one agent. Their heartbeats are still on the bus. */
async function readyAgents({ bus, scheduler }: Embedded): Promise<ReadonlySet<string>> {
  const ready = new Set<string>();
  await scheduler.step(scheduler.nowMs(), async () => {
    await bus.subscribe(HEARTBEATS, ({ records }) => {
      for (const { value } of records) {
        const heard = readRecord(value);
        if (heard?.body.type !== "agent.heartbeat" || (heard.payload as Heartbeat).ready !== true) continue;
        ready.add(heard.body.sender.replace(/-\d+$/, ""));
      }
      return { through: records.at(-1)!.offset };
    });
  });
  return ready;
}

const HEARTBEATS = {
  topics: ["agents.heartbeat.v1"],
  as: { kind: "every", name: "demo" },
  from: "earliest",
  maxInFlightBytes: 8_000_000,
  maxProcessingMs: 30_000,
} as const;

function name(sender: string | undefined): string {
  return sender?.replace(/^person:/, "") ?? "—";
}
