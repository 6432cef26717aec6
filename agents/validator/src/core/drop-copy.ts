/**
 * A drop copy: what the venue itself says was traded, asked under a key of this validator's own that can do nothing but read. Without it a
 * vote says that a fill may have happened; with it, that it did.
 */
import type { Fill } from "@countersign/contracts";
import { businessKey } from "@countersign/envelope";
import type { BookedFill } from "@countersign/ledger";
import { compare, type Fixed } from "@countersign/orders";
import { refuse, type ValidatorRefusal } from "./refusal.ts";

export interface DropCopy {
  /** Whose executions it has. Fills of others are not in it. */
  readonly venue: string;
  readonly account: string;
  /** Undefined: the venue, asked after this call, has no such execution. Rejects with DropCopyError when it does not answer. */
  execution(executionId: string): Promise<Copied | undefined>;
}

/** An execution in the venue's words. */
export interface Copied extends Omit<BookedFill, "fillId"> {
  readonly executionId: string;
  readonly clientOrderId: string;
}

/** By fill id. */
export type Copies = ReadonlyMap<string, Copied>;

/** The venue does not answer: nothing is known of the fill, and the vote has to wait. */
export class DropCopyError extends Error {
  readonly code: "TIMEOUT" | "UNREACHABLE" | "BAD_ANSWER";

  constructor(code: DropCopyError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DropCopyError";
    this.code = code;
  }
}

/** What the drop copy has of these fills, all asked for at once. Rejects with DropCopyError. */
export async function copiesOf(dropCopy: DropCopy, fills: readonly Fill[]): Promise<Copies> {
  const { venue, account } = dropCopy;
  const covered = fills.filter((fill) => fill.venue === venue && fill.account === account);
  const found = await Promise.all(
    covered.map(async ({ executionId = "" }) => {
      const copied = await dropCopy.execution(executionId);
      return copied === undefined ? [] : [[businessKey("fill", venue, account, executionId), copied] as const];
    }),
  );
  return new Map(found.flat());
}

/** Why the venue's own word does not bear the fill out, or undefined. */
export function judgeCopy(copies: Copies, wire: Fill, fill: BookedFill): ValidatorRefusal | undefined {
  const copied = copies.get(fill.fillId);
  if (copied === undefined) return refuse("NOT_IN_DROP_COPY", wire.executionId); // P05.copied
  const other = differsFrom(copied, wire, fill);
  if (other !== undefined) return refuse("DROP_COPY_DIFFERS", other); // P05.copy
  return undefined;
}

/** The first field in which they differ, with both words. */
function differsFrom(copied: Copied, { clientOrderId = "" }: Fill, fill: BookedFill): string | undefined {
  const both = { ...fill, clientOrderId };
  for (const field of ["clientOrderId", "symbol", "side", "timeMs"] as const)
    if (copied[field] !== both[field]) return `${field}: ${both[field]}, at the venue ${copied[field]}`;
  for (const field of ["quantity", "price"] as const) if (!isSame(copied[field], fill[field])) return field;
  const [there, here] = [copied.commission, fill.commission];
  return there.currency === here.currency && isSame(there, here) ? undefined : "commission";
}

function isSame<T extends Fixed>(a: T, b: T): boolean {
  return compare(a, b) === 0;
}
