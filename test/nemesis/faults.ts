/** What is done to the hosts, one thing at a time, in seeded random order; each is undone before the next. */
import { setTimeout as wait } from "node:timers/promises";
import { type Prng, uniform } from "@countersign/quant";
import type { Ground } from "./ground.ts";
import { CLIENTS, HOSTS, MEMBERS, VALIDATORS } from "./parties.ts";

/** Does something to somebody; returns what it was, and how it is undone. */
type Fault = (ground: Ground, prng: Prng) => Promise<{ readonly what: string; undo(): Promise<void> }>;

const QUIET_MS = { from: 500, to: 2_000 } as const;
const LASTS_MS = { from: 1_500, to: 5_000 } as const;

/** Returns how often each was done. */
export async function torment(ground: Ground, forMs: number, prng: Prng, say: (text: string) => void) {
  const counts: Record<string, number> = {};
  const { canCut } = ground.hosts;
  if (!canCut) say("no network namespaces can be made here (root on Linux, iproute2): nobody is parted");
  const possible = Object.entries(canCut ? { ...partitions, ...faults } : faults);
  for (const until = performance.now() + forMs; performance.now() < until; ) {
    await wait(between(QUIET_MS, prng));
    const [name, fault] = pick(possible, prng);
    const { what, undo } = await fault(ground, prng);
    say(what);
    await wait(between(LASTS_MS, prng));
    await undo();
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const partitions: Readonly<Record<string, Fault>> = {
  /** One host with each engine is parted from the rest; the clients see both sides. */
  async halves(ground, prng) {
    const alone = [pick(MEMBERS, prng), pick(VALIDATORS, prng)] as string[];
    return partition(
      ground,
      `${alone.join(" and ")} are parted from the others`,
      (from, to) => from !== CLIENTS && to !== CLIENTS && alone.includes(from) !== alone.includes(to),
    );
  },
  /** Each host hears its two neighbours alone. */
  async ring(ground) {
    const circle: readonly string[] = HOSTS.filter((host) => host !== CLIENTS);
    const apart = (a: string, b: string) => (circle.indexOf(a) - circle.indexOf(b) + circle.length) % circle.length;
    return partition(
      ground,
      "each host hears its two neighbours alone",
      (from, to) => from !== CLIENTS && to !== CLIENTS && ![1, circle.length - 1].includes(apart(from, to)),
    );
  },
  async "one-way"(ground, prng) {
    const mute = pick([...MEMBERS, ...VALIDATORS], prng);
    return partition(ground, `${mute} hears the others, and is not heard`, (from) => from === mute);
  },
};

const faults: Readonly<Record<string, Fault>> = {
  async leader(ground) {
    const leader = await ground.leader();
    return killed(ground, leader ?? MEMBERS[0], `kill -9 ${leader ?? MEMBERS[0]}, the leader`);
  },
  async validator(ground, prng) {
    const victim = pick(VALIDATORS, prng);
    return killed(ground, victim, `kill -9 ${victim} and its database`);
  },
  async stop(ground, prng) {
    const victim = pick([...MEMBERS, ...VALIDATORS], prng);
    ground.signal(victim, "SIGSTOP");
    return { what: `SIGSTOP ${victim}`, undo: async () => ground.signal(victim, "SIGCONT") };
  },
  async skew(ground, prng) {
    const victim = pick(VALIDATORS, prng);
    const ms = uniform(prng) < 0.5 ? 60_000 : -60_000;
    ground.skew(victim, ms);
    return { what: `the clock of ${victim} is ${ms / 1_000} s off`, undo: async () => ground.skew(victim, 0) };
  },
  /** As of a disk whose every write takes long: the member stands still again and again. */
  async "slow disk"(ground, prng) {
    const victim = pick(MEMBERS, prng);
    const over = new AbortController();
    const stalling = (async () => {
      while (!over.signal.aborted) {
        ground.signal(victim, "SIGSTOP");
        await wait(between({ from: 50, to: 400 }, prng));
        ground.signal(victim, "SIGCONT");
        await wait(between({ from: 10, to: 100 }, prng));
      }
    })();
    return {
      what: `${victim} stands still again and again`,
      async undo() {
        over.abort();
        await stalling;
      },
    };
  },
  /** What it has promised since is not on its disk any more. */
  async "old disk"(ground, prng) {
    const victim = pick(VALIDATORS, prng);
    await ground.isReady(victim);
    await ground.kill(victim);
    ground.copyDisk(victim);
    ground.start(victim);
    await ground.isReady(victim);
    await wait(between(LASTS_MS, prng));
    await ground.kill(victim);
    ground.restoreDisk(victim);
    ground.start(victim);
    return { what: `${victim} comes back with an old copy of its disk`, undo: () => ground.isReady(victim) };
  },
};

function partition(ground: Ground, what: string, isLost: (from: string, to: string) => boolean) {
  for (const from of HOSTS) for (const to of HOSTS) if (from !== to && isLost(from, to)) ground.hosts.cut(from, to);
  return { what, undo: async () => ground.hosts.heal() };
}

async function killed(ground: Ground, victim: string, what: string) {
  await ground.kill(victim);
  return { what, undo: async () => ground.start(victim) };
}

function between({ from, to }: { readonly from: number; readonly to: number }, prng: Prng): number {
  return from + uniform(prng) * (to - from);
}

function pick<T>(all: readonly T[], prng: Prng): T {
  const one = all[Math.floor(uniform(prng) * all.length)];
  if (one === undefined) throw new Error("broken invariant: there is nothing to pick from");
  return one;
}
