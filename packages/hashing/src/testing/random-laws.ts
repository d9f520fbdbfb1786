import { type Random, type RandomState, randomFrom } from '../random.ts';
import { FALSE_ALARM, type Law, LawError, requireUniform } from './law.ts';
import { normalTwoTail } from './tails.ts';

type Make = (seed: number) => Random;
type Resume = (state: RandomState) => Random;

const DRAWS = 50_000;
const SEEDS = [0, 1, 123_456_789] as const;

/**
 * The laws of a seeded generator: equal seeds give equal numbers and others give unrelated ones (`seeds`); the state
 * survives JSON and resumes bit for bit at any point (`state`); words, uniforms, normals and integers have their
 * distributions (`words`, `uniform`, `normal`, `integer`, `fills`); all permutations are equally likely
 * (`permutation`, `shuffle`); forks depend on the label alone and are unrelated (`fork`).
 *
 * Every single statistical test has a false-alarm rate of 1e-6; seeds are fixed, so runs repeat exactly.
 *
 * @param make the generator for a seed, an integer in 0 … 2^32 − 1
 * @param resume the generator for a state, default `randomFrom`
 */
export function randomLaws(make: Make, resume: Resume = randomFrom): Law[] {
  return [
    { name: 'seeds', check: () => seeds(make) },
    { name: 'state', check: () => state(make, resume) },
    { name: 'words', check: () => words(make) },
    { name: 'uniform', check: () => uniform(make) },
    { name: 'normal', check: () => normal(make) },
    { name: 'integer', check: () => integer(make) },
    { name: 'fills', check: () => fills(make) },
    { name: 'permutation', check: () => orders('permutation', make, (g) => g.permutation(5)) },
    { name: 'shuffle', check: () => orders('shuffle', make, (g) => g.shuffle([0, 1, 2, 3, 4])) },
    { name: 'fork', check: () => fork(make) },
  ];
}

function seeds(make: Make): void {
  requireSame('seeds', make(7), make(7), 'two generators of one seed');
  for (const [seed, other] of [
    [0, 1],
    [1, 2],
    [0, 2 ** 31],
    [0, 2 ** 32 - 1],
  ] as const) {
    requireUnrelated('seeds', make(seed), make(other), `the seeds ${seed} and ${other}`);
  }
}

function state(make: Make, resume: Resume): void {
  const draws: ((generator: Random) => unknown)[] = [
    (generator) => generator.uint32(),
    (generator) => generator.uniform(),
    (generator) => generator.normal(),
    (generator) => generator.integer(3),
    (generator) => generator.permutation(3),
  ];
  const generator = make(11);
  for (let i = 0; i < 50; i += 1) {
    const resumed = resume(JSON.parse(JSON.stringify(generator.state)) as RandomState);
    requireSame('state', resumed.fork('same'), generator.fork('same'), `forks, resumed after ${i} draws`);
    requireSame('state', resumed, resume(generator.state), `a generator resumed after ${i} draws`);
    const draw = draws[i % draws.length] as (typeof draws)[number];
    const expected = draw(resume(generator.state));
    requireEqual('state', draw(generator), expected, `draw ${i} and the same draw after a resume`);
  }
}

function words(make: Make): void {
  for (const seed of SEEDS) {
    const generator = make(seed);
    const bits = new Uint32Array(32);
    const bytes = new Uint32Array(4 * 256);
    const pairs = new Uint32Array(256);
    let previous = 0;
    for (let i = 0; i < DRAWS; i += 1) {
      const word = generator.uint32();
      requireThat('words', word === word >>> 0, 'an unsigned 32-bit number', word);
      for (let bit = 0; bit < 32; bit += 1) bits[bit]! += (word >>> bit) & 1;
      for (let byte = 0; byte < 4; byte += 1) bytes[256 * byte + ((word >>> (8 * byte)) & 255)]! += 1;
      pairs[16 * previous + (word >>> 28)]! += 1;
      previous = word >>> 28;
    }
    for (const [bit, ones] of bits.entries()) {
      requireUniform('words', [ones, DRAWS - ones], `bit ${bit}, seed ${seed}`);
    }
    for (let byte = 0; byte < 4; byte += 1) {
      requireUniform('words', bytes.subarray(256 * byte, 256 * byte + 256), `byte ${byte}, seed ${seed}`);
    }
    requireUniform('words', pairs, `successive words, seed ${seed}`);
  }
}

function uniform(make: Make): void {
  for (const seed of SEEDS) {
    const generator = make(seed);
    const draws = Float64Array.from({ length: DRAWS }, () => generator.uniform());
    const outside = draws.find((u) => !(u >= 0 && u < 1));
    requireThat('uniform', outside === undefined, 'numbers in [0, 1)', outside);
    requireMean(
      'uniform',
      draws.map((u) => u - 0.5),
      1 / 12,
      `u − 1/2, seed ${seed}`,
    );
    requireMean(
      'uniform',
      draws.map((u) => (u - 0.5) ** 2 - 1 / 12),
      1 / 180,
      `(u − 1/2)² − 1/12, seed ${seed}`,
    );
    requireUniform('uniform', cells(draws, 1000), `1000 intervals, seed ${seed}`);
    // The bits below those of a float: a double has 53 of its own.
    requireUniform(
      'uniform',
      cells(
        draws.map((u) => (u * 2 ** 45) % 1),
        256,
      ),
      `the last 8 bits, seed ${seed}`,
    );
  }
}

function normal(make: Make): void {
  const generator = make(1);
  // Enough that the fourth moment tells a sum of twelve uniforms, the poor man's normal, from a normal.
  const draws = Float64Array.from({ length: 8 * DRAWS }, () => generator.normal());
  requireMean('normal', draws, 1, 'x');
  requireMean(
    'normal',
    draws.map((x) => x ** 2 - 1),
    2,
    'x² − 1',
  );
  requireMean(
    'normal',
    draws.map((x) => x ** 3),
    15,
    'x³',
  );
  requireMean(
    'normal',
    draws.map((x) => x ** 4 - 3),
    96,
    'x⁴ − 3',
  );
  const products = draws.filter((_, i) => i % 2 === 0).map((x, i) => x * (draws[2 * i + 1] as number));
  requireMean('normal', products, 1, 'products of successive draws');
  const levels = draws.map((x) => (x < 0 ? normalTwoTail(x) / 2 : 1 - normalTwoTail(x) / 2));
  requireUniform('normal', cells(levels, 256), '256 quantiles');
}

function integer(make: Make): void {
  for (const n of [1, 2, 3, 10, 1000, 3 * 2 ** 30, 2 ** 32]) {
    const generator = make(n % 97);
    const draws = Float64Array.from({ length: DRAWS }, () => generator.integer(n));
    const outside = draws.find((value) => !(Number.isInteger(value) && value >= 0 && value < n));
    requireThat('integer', outside === undefined, `integers in 0 … ${n - 1}`, outside);
    // For n = 3·2^30 a biased draw takes every third value twice as often.
    if (n > 1)
      requireUniform(
        'integer',
        cells(
          draws.map((value) => value / n),
          Math.min(n, 1000),
        ),
        `n = ${n}`,
      );
    if (n > 1000)
      requireUniform(
        'integer',
        cells(
          draws.map((value) => (value % 3) / 3),
          3,
        ),
        `n = ${n}, modulo 3`,
      );
  }
}

function fills(make: Make): void {
  const uniforms = make(3).fillUniform(new Float64Array(DRAWS), -2, 6);
  const outside = uniforms.find((value) => !(value >= -2 && value < 6));
  requireThat('fills', outside === undefined, 'uniform numbers in [−2, 6)', outside);
  requireUniform(
    'fills',
    cells(
      uniforms.map((value) => (value + 2) / 8),
      256,
    ),
    'fillUniform(out, −2, 6)',
  );
  const normals = make(3).fillNormal(new Float64Array(DRAWS), 5, 0.5);
  requireMean(
    'fills',
    normals.map((value) => value - 5),
    0.25,
    'fillNormal(out, 5, 0.5), x − 5',
  );
  requireMean(
    'fills',
    normals.map((value) => (value - 5) ** 2 - 0.25),
    0.125,
    'fillNormal(out, 5, 0.5), (x − 5)² − ¼',
  );
  requireEqual(
    'fills',
    make(3).fillUniform(new Float32Array(99), -2, 6),
    Float32Array.from(uniforms.slice(0, 99)),
    'f32',
  );
  requireEqual(
    'fills',
    make(3).fillNormal(new Float32Array(99), 5, 0.5),
    Float32Array.from(normals.slice(0, 99)),
    'f32',
  );
}

/** Every order of five things, numbered by its factorial digits, is equally likely. */
function orders(law: string, make: Make, draw: (generator: Random) => ArrayLike<number>): void {
  const counts = new Uint32Array(120);
  const generator = make(5);
  for (let i = 0; i < 24_000; i += 1) {
    const order = Array.from(draw(generator));
    requireThat(law, order.toSorted().join() === '0,1,2,3,4', 'every one of 0 … 4 once', order.join());
    let rank = 0;
    for (let here = 0; here < 5; here += 1) {
      const smallerAfter = order.slice(here + 1).filter((value) => value < (order[here] as number)).length;
      rank = rank * (5 - here) + smallerAfter;
    }
    counts[rank]! += 1;
  }
  requireUniform(law, counts, 'the 120 orders of five');
}

function fork(make: Make): void {
  const parent = make(9);
  const early = parent.fork('child');
  const before = JSON.stringify(parent.state);
  early.uint32();
  requireEqual(
    'fork',
    JSON.stringify(parent.state),
    before,
    'the state before and after a fork was made and drawn from',
  );
  parent.uint32();
  requireSame('fork', make(9).fork('child'), parent.fork('child'), 'forks made before and after a draw');
  const labels = ['child', 'chile', '', '0', 0, 1, 2, -1, 0.5] as const;
  for (const [i, label] of labels.entries()) {
    const name = JSON.stringify(label);
    requireUnrelated('fork', make(9), make(9).fork(label), `a generator and its fork ${name}`);
    requireUnrelated('fork', make(8).fork(label), make(9).fork(label), `the forks ${name} of two seeds`);
    requireUnrelated(
      'fork',
      make(9).fork(label).fork(label),
      make(9).fork(label),
      `${name} and its own fork ${name}`,
    );
    for (const other of labels.slice(0, i)) {
      requireUnrelated(
        'fork',
        make(9).fork(other),
        make(9).fork(label),
        `the forks ${JSON.stringify(other)}, ${name}`,
      );
    }
  }
}

function requireSame(law: string, a: Random, b: Random, where: string): void {
  const [from, to] = [a, b].map((generator) => Array.from({ length: 9 }, () => generator.uint32()));
  requireEqual(law, from, to, where);
}

/** The high bits of the two generators' words are jointly uniform, and so are the low bits. */
function requireUnrelated(law: string, a: Random, b: Random, where: string): void {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let i = 0; i < 4096; i += 1) {
    const [x, y] = [a.uint32(), b.uint32()];
    high[16 * (x >>> 28) + (y >>> 28)]! += 1;
    low[16 * (x & 15) + (y & 15)]! += 1;
  }
  requireUniform(law, high, `high bits of ${where}`);
  requireUniform(law, low, `low bits of ${where}`);
}

/** Throws unless the mean of independent values of expectation 0 and the given variance is near 0. */
function requireMean(law: string, values: Float64Array, variance: number, where: string): void {
  const z = values.reduce((sum, value) => sum + value, 0) / Math.sqrt(values.length * variance);
  const likely = normalTwoTail(z) >= FALSE_ALARM;
  requireThat(
    law,
    likely,
    `a mean of 0 for ${where} (false-alarm rate ${FALSE_ALARM})`,
    `one ${z} standard errors away`,
  );
}

function requireEqual(law: string, a: unknown, b: unknown, where: string): void {
  requireThat(law, String(a) === String(b), `equality of ${where}`, `${a} and ${b}`);
}

function requireThat(law: string, holds: boolean, expected: string, actual: unknown): void {
  if (!holds) throw new LawError({ operation: law, expected, actual: String(actual) });
}

/** How many of the numbers in [0, 1] fall into each of equal intervals. */
function cells(values: Float64Array, intervals: number): Uint32Array {
  const counts = new Uint32Array(intervals);
  for (const value of values) counts[Math.min(intervals - 1, Math.floor(value * intervals))]! += 1;
  return counts;
}
