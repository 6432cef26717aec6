import type { Working } from "./working.ts";

/** Orders of one side by price–time priority: the best limit first, among equals the first that came. */
export type Queue = Working[];

export function priority(a: Working, b: Working): number {
  if (a.limit === b.limit) return a.arrival - b.arrival;
  return a.limit > b.limit === a.buys ? -1 : 1;
}

export function enqueue(queue: Queue, working: Working): void {
  queue.splice(rank(queue, working), 0, working);
}

export function dequeue(queue: Queue, working: Working): void {
  const at = rank(queue, working);
  if (queue[at] !== working) throw new Error(`order ${working.order.clientOrderId} is not in its queue`);
  queue.splice(at, 1);
}

/** Where it stands or would stand: how many orders come before it. */
function rank(queue: Queue, working: Working): number {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (priority(queue[middle]!, working) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
