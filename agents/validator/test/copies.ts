/** A drop copy of plain data: what the test says the venue has. */
import { type Fill, Mode } from "@countersign/contracts";
import { fillFromWire } from "@countersign/ledger";
import { type Copied, type DropCopy, DropCopyError } from "../src/core/drop-copy.ts";
import { names, World } from "./world.ts";

export class Copies implements DropCopy {
  readonly venue = "paper";
  readonly account = "main";
  readonly has = new Map<string, Copied>();
  isSilent = false;

  async execution(executionId: string): Promise<Copied | undefined> {
    if (this.isSilent) throw new DropCopyError("UNREACHABLE", "the venue is away");
    return this.has.get(executionId);
  }

  /** The venue has this fill, as it is said or in other words. */
  add(wire: Fill, otherwise: Partial<Copied> = {}): void {
    const fill = fillFromWire(wire);
    if (typeof fill === "string") throw new Error(`the fill has no ${fill}`);
    const { executionId = "", clientOrderId = "" } = wire;
    this.has.set(executionId, { ...fill, executionId, clientOrderId, ...otherwise });
  }
}

/** A world whose validators have a drop copy each. */
export async function copied(): Promise<{ readonly world: World; readonly copies: readonly Copies[] }> {
  const copies = names.map(() => new Copies());
  return { world: await new World({ mode: Mode.REPLAY, dropCopies: copies }).open(), copies };
}
