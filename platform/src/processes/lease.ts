/** The fence as agents in processes see it: with its lease, which is machine time, and so is written into each decision's journal. */
import type { FenceReader } from "@countersign/quorum";
import type { Fence } from "@countersign/runtime";

export function underLease(fence: FenceReader, nowMs: () => number = () => performance.now()): Fence {
  return {
    state: () => (fence.isFresh(nowMs()) ? fence.state() : { ...fence.state(), silent: true }),
    onChange: (listener) => fence.onChange(listener),
  };
}
