import { QuantError } from "./error.ts";
import type { Restorable } from "./estimator.ts";
import { normalQuantile } from "./normal.ts";
import { type Snapshot, SnapshotReader } from "./snapshot.ts";

/** Xoshiro128** 1.1 (Blackman & Vigna 2018): 32 bits a draw, period 2^128 − 1. For simulation, never for keys. */
export class Prng implements Restorable {
  #state: Uint32Array;

  /** The seed is any 64-bit integer; SplitMix64 spreads it over the state, so that 0, 1, 2 … give unrelated streams. */
  constructor(seed: bigint) {
    const [first, second] = [splitMix64(seed, 0), splitMix64(seed, 1)];
    this.#state = Uint32Array.of(
      Number(first & LOW),
      Number(first >> 32n),
      Number(second & LOW),
      Number(second >> 32n),
    );
  }

  /** The next integer from 0 to 2^32 − 1, all equally likely. */
  next(): number {
    const s = this.#state;
    const result = Math.imul(rotateLeft(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotateLeft(s[3]!, 11);
    return result;
  }

  snapshot(): Snapshot {
    return { kind: "xoshiro128**", state: [[...this.#state]] };
  }

  restore(snapshot: unknown): void {
    const [state = []] = new SnapshotReader(snapshot, { kind: "xoshiro128**" }).rows("state", 4, 1);
    if (!state.some((word) => word !== 0) || state.some((word) => word !== word >>> 0)) {
      throw new QuantError("BAD_SNAPSHOT", "snapshot field state: expected four 32-bit words, not all zero");
    }
    this.#state = Uint32Array.from(state);
  }
}

/** Uniform in the open interval (0, 1): the middle of one of 2^52 cells (EPSILON is 2^−52), so never 0 and never 1. */
export function uniform(prng: Prng): number {
  const high = prng.next() >>> 6;
  const low = prng.next() >>> 6;
  return (high * 0x400_0000 + low + 0.5) * Number.EPSILON;
}

/** Standard normal by Φ⁻¹ of one uniform: always two draws, nothing kept between calls, the same bits everywhere. */
export function gaussian(prng: Prng): number {
  return normalQuantile(uniform(prng));
}

/** Output number `index` (from 0) of SplitMix64 (Steele, Lea & Flood 2014; Vigna's splitmix64.c). */
export function splitMix64(seed: bigint, index: number): bigint {
  let z = BigInt.asUintN(64, seed + BigInt(index + 1) * 0x9e3779b97f4a7c15n);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

const LOW = 0xffffffffn;

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
