import { uniformFloat32 } from "pure-rand/distribution/uniformFloat32";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Everything that is left to chance, repeated exactly by its seed. */
export class Chance {
  readonly #generator;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** A whole number, both ends included. */
  int(from: number, to: number): number {
    return uniformInt(this.#generator, from, to);
  }

  /** True in `share` of all cases, 0 to 1. */
  happens(share: number): boolean {
    return uniformFloat32(this.#generator) < share;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.int(0, list.length - 1)];
    if (picked === undefined) throw new RangeError("there is nothing to pick from");
    return picked;
  }

  /** An index of `weights`, each as likely as its weight. */
  weighted(weights: readonly number[]): number {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    let left = uniformFloat32(this.#generator) * total;
    for (const [i, weight] of weights.entries()) {
      left -= weight;
      if (left < 0) return i;
    }
    return weights.length - 1;
  }

  /** 32 random bits, as a number of at least 0. */
  bits(): number {
    return this.#generator.next() >>> 0;
  }
}
