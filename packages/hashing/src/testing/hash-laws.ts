import fc from 'fast-check';
import { below } from '../below.ts';
import { ArgumentError } from '../errors.ts';
import { random } from '../random.ts';
import type { WordHash } from '../words.ts';
import { hashGrid, type KeyGrid, keyGrids, keySeeds } from './key-grid.ts';
import { type Law, LawError, requireBirthdays, requireUniform } from './law.ts';

/** What `hashLaws` checks, by name. */
const laws = { words, uniformity, collisions, signs, bucketAndSign, seeds, neighbours, rows, avalanche };

/** The name of a law of hashes. */
export type HashLawName = keyof typeof laws;

export interface HashLawOptions {
  /** Laws that the hash does not claim, for instance `['avalanche']` for a cheap one. Default none. */
  readonly except?: readonly HashLawName[];
}

/**
 * The laws of a hash of (row, col) under a seed, for use as `bucket = below(h, n)` and `sign = signOf(h)`:
 *
 * - `words`: the result is an unsigned 32-bit number and depends on the arguments alone;
 * - `uniformity`: buckets are equally full, over structured grids of keys and bucket counts of every kind;
 * - `collisions`: as many keys share a bucket, or a whole word, as for random words (birthday expectation);
 * - `signs`: bit 0 is balanced;
 * - `bucketAndSign`: bucket and sign are independent;
 * - `seeds`: hashes of the same key under two seeds are independent;
 * - `neighbours`: hashes of keys that lie near each other, along a row, a column or a diagonal, are independent;
 * - `rows`: no row is a shifted or offset copy of another;
 * - `avalanche`: every bit of row, col and seed flips every bit of the result with probability 1/2.
 *
 * Every single statistical test has a false-alarm rate of 1e-6; keys and seeds are fixed, so runs repeat exactly.
 *
 * @throws ArgumentError when `except` names no law
 */
export function hashLaws(hash: WordHash, options: HashLawOptions = {}): Law[] {
  const except: readonly string[] = options.except ?? [];
  const unknown = except.find((name) => !Object.hasOwn(laws, name));
  if (unknown !== undefined) {
    throw new ArgumentError({
      operation: 'hashLaws',
      expected: `except to name laws among ${Object.keys(laws).join(', ')}`,
      actual: unknown,
    });
  }
  return Object.entries(laws)
    .filter(([name]) => !except.includes(name))
    .map(([name, check]) => ({ name, check: () => check(hash) }));
}

function words(hash: WordHash): void {
  const word = fc.oneof(
    fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1),
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  );
  const property = fc.property(word, word, word, (row, col, seed) => {
    const h = hash(row, col, seed);
    hash(col, seed, row);
    const actual = h !== h >>> 0 ? `${h}` : h !== hash(row, col, seed) ? 'two different results' : undefined;
    if (actual === undefined) return;
    throw new LawError({
      operation: 'words',
      expected: 'one unsigned 32-bit number per key and seed',
      actual: `${actual} for row ${row}, column ${col}, seed ${seed}`,
    });
  });
  const result = fc.check(property, { seed: 1, numRuns: 1000 });
  if (result.failed) throw result.errorInstance;
}

function uniformity(hash: WordHash): void {
  forGrids(hash, (h, where) => {
    for (const buckets of [3, 10, 64, 257, 1000, 1024]) {
      requireUniform(
        'uniformity',
        count(h, (word) => below(word, buckets), buckets),
        where,
      );
    }
  });
}

function collisions(hash: WordHash): void {
  forGrids(hash, (h, where) => {
    for (const buckets of [12_250, 65_536, 1_000_003, 2 ** 32 - 1]) {
      const indices = h.map((word) => below(word, buckets));
      requireBirthdays('collisions', indices, buckets, `${where}, ${buckets} buckets`);
    }
  });
}

function signs(hash: WordHash): void {
  forGrids(hash, (h, where) => requireUniform('signs', count(h, signBit, 2), where));
}

function bucketAndSign(hash: WordHash): void {
  forGrids(hash, (h, where) => {
    for (const buckets of [2, 16, 257]) {
      const cell = (word: number) => 2 * below(word, buckets) + signBit(word);
      requireUniform('bucketAndSign', count(h, cell, 2 * buckets), `${where}, ${buckets} buckets`);
    }
    // Of many buckets the low bits of the index, which are the ones nearest to bit 0.
    for (const buckets of [12_250, 100_000, 1_000_000]) {
      const cell = (word: number) => 2 * (below(word, buckets) % 10) + signBit(word);
      requireUniform('bucketAndSign', count(h, cell, 20), `${where}, ${buckets} buckets modulo 10`);
    }
  });
}

function seeds(hash: WordHash): void {
  const pairs = [
    [0, 1],
    [1, 2],
    [0, 2 ** 31],
    [3, 2 ** 16 + 3],
    [0, 2 ** 32 - 1],
    [1, 0x9e3779b9],
  ] as const;
  for (const grid of keyGrids) {
    for (const [seed, other] of pairs) {
      const where = `${grid.name} under the seeds ${seed} and ${other}`;
      requireIndependent('seeds', hashGrid(hash, grid, seed), hashGrid(hash, grid, other), where);
    }
  }
}

const LAGS = [
  [0, 1],
  [0, 2],
  [0, 7],
  [0, 8],
  [1, 0],
  [2, 0],
  [7, 0],
  [8, 0],
  [1, 1],
  [1, -1],
] as const;

function neighbours(hash: WordHash): void {
  for (const grid of keyGrids) {
    for (const seed of keySeeds) {
      const h = hashGrid(hash, grid, seed);
      for (const [rowLag, colLag] of LAGS) {
        const [here, there] = lagged(h, grid, rowLag, colLag);
        const where = `${grid.name}, ${rowLag} rows and ${colLag} columns apart, seed ${seed}`;
        // A grid of one row has no neighbours in the next row, a narrow one few.
        if (here.length >= 4096) requireIndependent('neighbours', here, there, where);
      }
    }
  }
}

function rows(hash: WordHash): void {
  const grid: KeyGrid = {
    name: 'the first rows',
    rows: { start: 0, step: 1, count: 16 },
    cols: { start: 0, step: 1, count: 4096 },
  };
  for (const seed of keySeeds) {
    const h = hashGrid(hash, grid, seed);
    requireBirthdays('rows', h, 2 ** 32, `whole words of ${grid.name}, seed ${seed} (shifted copies)`);
    for (let row = 0; row < grid.rows.count; row += 1) {
      for (let other = row + 1; other < grid.rows.count; other += 1) {
        const offsets = new Uint32Array(16);
        for (let col = 0; col < grid.cols.count; col += 1) {
          const difference =
            (at(h, other * grid.cols.count + col) - at(h, row * grid.cols.count + col)) >>> 0;
          offsets[below(difference, 16)]! += 1;
        }
        requireUniform(
          'rows',
          offsets,
          `the differences of rows ${row} and ${other}, seed ${seed} (offset copies)`,
        );
      }
    }
  }
}

function avalanche(hash: WordHash): void {
  const keys = 4096;
  for (const [bits, name] of [
    [32, 'any'],
    [10, 'small'],
  ] as const) {
    const generator = random(0, bits);
    const flips = new Uint32Array(96 * 32);
    for (let key = 0; key < keys; key += 1) {
      const [row, col, seed] = [0, 0, 0].map(() => generator.integer(2 ** bits)) as [number, number, number];
      const h = hash(row, col, seed);
      for (let bit = 0; bit < 32; bit += 1) {
        const flip = 1 << bit;
        addBits(flips, bit * 32, h ^ hash((row ^ flip) >>> 0, col, seed));
        addBits(flips, (32 + bit) * 32, h ^ hash(row, (col ^ flip) >>> 0, seed));
        addBits(flips, (64 + bit) * 32, h ^ hash(row, col, (seed ^ flip) >>> 0));
      }
    }
    for (const [cell, flipped] of flips.entries()) {
      const input = Math.floor(cell / 32);
      const word = ['row', 'column', 'seed'][Math.floor(input / 32)];
      const where = `bit ${cell % 32} of the result when bit ${input % 32} of the ${word} flips, ${name} keys`;
      requireUniform('avalanche', [flipped, keys - flipped], where);
    }
  }
}

function addBits(counts: Uint32Array, from: number, word: number): void {
  for (let bit = 0; bit < 32; bit += 1) counts[from + bit]! += (word >>> bit) & 1;
}

function forGrids(hash: WordHash, check: (h: Uint32Array, where: string) => void): void {
  for (const grid of keyGrids) {
    for (const seed of keySeeds) check(hashGrid(hash, grid, seed), `${grid.name}, seed ${seed}`);
  }
}

/** Buckets jointly (16 × 16 cells), then signs jointly (2 × 2). */
function requireIndependent(law: string, a: Uint32Array, b: Uint32Array, where: string): void {
  const buckets = new Uint32Array(256);
  const signPairs = new Uint32Array(4);
  for (let i = 0; i < a.length; i += 1) {
    buckets[16 * below(at(a, i), 16) + below(at(b, i), 16)]! += 1;
    signPairs[2 * signBit(at(a, i)) + signBit(at(b, i))]! += 1;
  }
  requireUniform(law, buckets, `16 × 16 buckets, ${where}`);
  requireUniform(law, signPairs, `pairs of signs, ${where}`);
}

/** The hashes of all keys whose neighbour (row + rowLag, col + colLag) is in the grid, and of these neighbours. */
function lagged(
  h: Uint32Array,
  { rows, cols }: KeyGrid,
  rowLag: number,
  colLag: number,
): [Uint32Array, Uint32Array] {
  const here: number[] = [];
  const there: number[] = [];
  for (let r = 0; r + rowLag < rows.count; r += 1) {
    for (let c = Math.max(0, -colLag); c < cols.count && c + colLag < cols.count; c += 1) {
      here.push(at(h, r * cols.count + c));
      there.push(at(h, (r + rowLag) * cols.count + c + colLag));
    }
  }
  return [Uint32Array.from(here), Uint32Array.from(there)];
}

function count(h: Uint32Array, cell: (word: number) => number, cells: number): Uint32Array {
  const counts = new Uint32Array(cells);
  for (const word of h) counts[cell(word)]! += 1;
  return counts;
}

function signBit(word: number): number {
  return word & 1;
}

function at(words: Uint32Array, index: number): number {
  return words[index] as number;
}
