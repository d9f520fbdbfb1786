import { labelBytes, type SeedLabel } from './derive-seed.ts';
import { ArgumentError } from './errors.ts';
import { normalQuantile } from './normal-quantile.ts';
import { shownValue } from './options/check-options.ts';
import { philox4x32 } from './philox.ts';
import { mulHigh, word64 } from './word64.ts';
import { xxHash64Halves } from './xx-hash64.ts';

const TWO32 = 2 ** 32;
const GENERATOR = 'philox4x32-10';

/** The state of a generator, as plain JSON data; `randomFrom` continues from it bit for bit. */
export interface RandomState {
  readonly generator: typeof GENERATOR;
  /** The key of the generator, as two unsigned words: low, high. */
  readonly key: readonly [number, number];
  /** The stream, an integer in 0 … 2^53 − 1. */
  readonly stream: number;
  /** The number of 32-bit words drawn so far. */
  readonly position: number;
}

/** An array that `shuffle` can reorder: any array or typed array. */
export interface Shuffled {
  readonly length: number;
  [index: number]: unknown;
}

/** A seeded generator of random numbers. Equal seeds give equal numbers, on every engine, bit for bit. */
export interface Random {
  /** A uniform integer in 0 … 2^32 − 1. */
  uint32(): number;
  /** A uniform double in [0, 1) with 53 random bits; draws two words. */
  uniform(): number;
  /** A standard normal double, within ±8.21: the normal quantile of a uniform with 52 random bits; draws two words. */
  normal(): number;
  /** A uniform integer in 0 … n − 1, unbiased, for 1 ≤ n ≤ 2^32. */
  integer(n: number): number;
  /** A uniform permutation of 0 … n − 1. */
  permutation(n: number): Uint32Array;
  /** Reorders the array in place, every order equally likely (Fisher–Yates), and returns it. */
  shuffle<T extends Shuffled>(array: T): T;
  /**
   * Fills with uniform numbers in [low, high), default [0, 1). Both array types receive the same numbers, a
   * `Float32Array` rounded, which may round up to `high` itself.
   */
  fillUniform<T extends Float32Array | Float64Array>(out: T, low?: number, high?: number): T;
  /** Fills with normal numbers, default mean 0 and standard deviation 1. */
  fillNormal<T extends Float32Array | Float64Array>(out: T, mean?: number, std?: number): T;
  /**
   * An independent generator, decided by this generator's seed and stream and the label alone: not by how much was
   * drawn, and drawing from it changes nothing here. The same label gives the same generator again.
   */
  fork(label: SeedLabel): Random;
  /** A copy of the present state. */
  readonly state: RandomState;
}

/**
 * A counter-based generator: Philox4x32-10 (Salmon et al. 2011; see `philox.ts`), keyed by `seed`.
 *
 * @param seed an integer in 0 … 2^53 − 1
 * @param stream an integer in 0 … 2^53 − 1, default 0: streams of one seed are independent
 * @throws ArgumentError for other numbers
 */
export function random(seed: number, stream = 0): Random {
  const operation = 'random';
  requireInteger(operation, 'seed', seed, 0, Number.MAX_SAFE_INTEGER);
  requireInteger(operation, 'stream', stream, 0, Number.MAX_SAFE_INTEGER);
  return new PhiloxRandom(seed >>> 0, Math.floor(seed / TWO32), stream, 0);
}

/**
 * The generator that a state describes, for instance one read from a checkpoint.
 *
 * @throws ArgumentError when the state is not one that `Random.state` can give
 */
export function randomFrom(state: RandomState): Random {
  const operation = 'randomFrom';
  if (state?.generator !== GENERATOR || !Array.isArray(state.key) || state.key.length !== 2) {
    throw new ArgumentError({
      operation,
      expected: `a state of generator ${GENERATOR} with a key of two words`,
      actual: shownValue(state),
    });
  }
  for (const word of state.key) requireInteger(operation, 'key word', word, 0, TWO32 - 1);
  requireInteger(operation, 'stream', state.stream, 0, Number.MAX_SAFE_INTEGER);
  requireInteger(operation, 'position', state.position, 0, Number.MAX_SAFE_INTEGER);
  return new PhiloxRandom(state.key[0], state.key[1], state.stream, state.position);
}

class PhiloxRandom implements Random {
  readonly #key0: number;
  readonly #key1: number;
  readonly #stream: number;
  #position: number;
  readonly #counter = new Uint32Array(4);
  readonly #block = new Uint32Array(4);

  constructor(key0: number, key1: number, stream: number, position: number) {
    this.#key0 = key0;
    this.#key1 = key1;
    this.#stream = stream;
    this.#position = position;
    this.#counter[2] = stream;
    this.#counter[3] = Math.floor(stream / TWO32);
    if (position % 4 !== 0) this.#computeBlock();
  }

  /** The block of four words that holds the present position. */
  #computeBlock(): void {
    const index = Math.floor(this.#position / 4);
    this.#counter[0] = index;
    this.#counter[1] = Math.floor(index / TWO32);
    philox4x32(this.#counter, this.#key0, this.#key1, this.#block);
  }

  uint32(): number {
    const lane = this.#position % 4;
    if (lane === 0) this.#computeBlock();
    this.#position += 1;
    return this.#block[lane] as number;
  }

  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  normal(): number {
    const high = this.uint32() >>> 6;
    const low = this.uint32() >>> 6;
    // Half a step from both ends: 0 and 1 have no quantile, and the distribution stays symmetric.
    return normalQuantile((high * 2 ** 26 + low + 0.5) / 2 ** 52);
  }

  integer(n: number): number {
    requireInteger('Random.integer', 'n', n, 1, TWO32);
    if (n === TWO32) return this.uint32();
    // Lemire 2019, "Fast random integer generation in an interval", algorithm 5.
    const rejected = (TWO32 - n) % n;
    for (;;) {
      const word = this.uint32();
      if (Math.imul(word, n) >>> 0 >= rejected) return mulHigh(word, n);
    }
  }

  permutation(n: number): Uint32Array {
    requireInteger('Random.permutation', 'n', n, 0, TWO32 - 1);
    return this.shuffle(Uint32Array.from({ length: n }, (_, index) => index));
  }

  shuffle<T extends Shuffled>(array: T): T {
    for (let last = array.length - 1; last > 0; last -= 1) {
      const chosen = this.integer(last + 1);
      const moved = array[chosen];
      array[chosen] = array[last];
      array[last] = moved;
    }
    return array;
  }

  fillUniform<T extends Float32Array | Float64Array>(out: T, low = 0, high = 1): T {
    const width = high - low;
    for (let i = 0; i < out.length; i += 1) out[i] = low + width * this.uniform();
    return out;
  }

  fillNormal<T extends Float32Array | Float64Array>(out: T, mean = 0, std = 1): T {
    for (let i = 0; i < out.length; i += 1) out[i] = mean + std * this.normal();
    return out;
  }

  fork(label: SeedLabel): Random {
    const key = word64(this.#key1, this.#key0);
    const stream = word64(Math.floor(this.#stream / TWO32), this.#stream);
    const streamKey = xxHash64Halves(wordBytes(stream), key);
    const child = xxHash64Halves(labelBytes('Random.fork', label), streamKey);
    return new PhiloxRandom(child.low, child.high, 0, 0);
  }

  get state(): RandomState {
    return {
      generator: GENERATOR,
      key: [this.#key0, this.#key1],
      stream: this.#stream,
      position: this.#position,
    };
  }
}

function wordBytes(word: { readonly high: number; readonly low: number }): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, word.low, true);
  view.setUint32(4, word.high, true);
  return bytes;
}

function requireInteger(operation: string, name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new ArgumentError({
    operation,
    expected: `${name} to be an integer in ${low} … ${high}`,
    actual: shownValue(value),
  });
}
