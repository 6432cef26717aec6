/** How a process, its store or its brokers end, at exactly which step. */
import { type Bus, BusError } from "@countersign/bus";
import type { Commit } from "@countersign/runtime";
import { bound, KILLED, type LifeOptions } from "./p12-lives.ts";

type Wrap = NonNullable<LifeOptions["wrap"]>;

/** A relay that never looks by itself: nothing tells it of a row but what the test is about. */
export const unlooking: Wrap = ({ campaign }) => ({
  campaign: (on) => campaign!({ ...on, onBacklog: () => {} }),
});
/** It is killed when its commit is done, before anything else is. */
export const killedBehindCommit: Wrap = ({ commit }, life) => ({
  async commit(one: Commit) {
    await commit(one);
    life.isDead = true;
    throw new Error(KILLED);
  },
});
/** The same, and what it said to the other replicas just before is not heard either. */
export const killedUntold: Wrap = (engine, life) => ({
  ...killedBehindCommit(engine, life),
  campaign: (on) => ({ ...bound(engine.campaign!(on)), tell: () => {} }),
});
/** The bus as it is while nothing acknowledges: all brokers are gone. */
export function brokersOf(bus: Bus) {
  const brokers = { areGone: false, tries: 0 };
  const publish: Bus["publish"] = (sent, options) => {
    brokers.tries++;
    if (brokers.areGone) return Promise.reject(new BusError("unknown-outcome", "TIMEOUT", "no answer"));
    return bus.publish(sent, options);
  };
  return { brokers, bus: { ...bound(bus), publish } };
}
