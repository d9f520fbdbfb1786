import { Graph, Interpreter, Program, type Real, symbolicWords, Word } from '@funhash/formula';
import { random, xxHash32Formula } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { blockSign } from './block-sign.ts';

const side = 128;
const blocks = side * side;
const lanes = 64;
const buckets = 61;

type Sign = (h: Word, lane: Word) => Real;

/** The signs of all lanes (places 0 to 63 of a block) and the bucket, for 128 × 128 blocks of xxHash32. */
function signsOf(sign: Sign): { signs: Float32Array[]; offsets: Float32Array } {
  const graph = new Graph();
  const word = (op: 'row' | 'col'): Word => new Word(graph, graph.node(op));
  const h = xxHash32Formula(symbolicWords(graph), word('row'), word('col'), Word.constant(graph, 7));
  const outputs = Array.from({ length: lanes }, (_, lane) => sign(h, Word.constant(graph, lane)).id);
  const slots = { stored: 0, inputs: 0, uniforms: 0, scalars: 0 };
  const program = new Program(graph, [...outputs, h.below(buckets).asReal().id], [], slots);
  const panel = { rows: side, cols: side, firstRow: 0, firstCol: 0 };
  const found = new Interpreter(program, 'f32', blocks).run({
    ...panel,
    uniforms: [],
    scalars: [],
    stored: [],
    inputs: [],
  }) as Float32Array[];
  return { signs: found.slice(0, lanes), offsets: found[lanes] as Float32Array };
}

/** The mean of a product of signs in units of its standard deviation. */
function deviation(...factors: Float32Array[]): number {
  let sum = 0;
  for (let k = 0; k < blocks; k++) {
    let product = 1;
    for (const signs of factors) product *= signs[k] as number;
    sum += product;
  }
  return Math.abs(sum) / Math.sqrt(blocks);
}

/** The largest deviation over groups of lanes: 100 random ones, and all that are equally spaced by 1, 2 or 3. */
function worstOfGroups(signs: Float32Array[], size: number): number {
  const draw = random(size);
  const groups = Array.from({ length: 100 }, () => [...draw.permutation(lanes).subarray(0, size)]);
  for (const step of [1, 2, 3])
    for (let first = 0; first + step * (size - 1) < lanes; first += 5)
      groups.push(Array.from({ length: size }, (_, k) => first + k * step));
  return Math.max(...groups.map((group) => deviation(...group.map((lane) => signs[lane] as Float32Array))));
}

// Beyond five standard deviations once in about 1 700 000 times by chance; some thousand are looked at, always the same.
const most = 5;
const { signs, offsets } = signsOf(blockSign);

test('signs of each lane are balanced', () => {
  for (const lane of signs) expect(deviation(lane)).toBeLessThan(most);
});

test.each([2, 3, 4, 6, 8])('signs of %i lanes of a block are independent', (size) => {
  expect(worstOfGroups(signs, size)).toBeLessThan(most);
});

test('all patterns of eight lanes occur equally often', () => {
  for (const first of [0, 8, 24, 56]) {
    const counts = new Float64Array(256);
    for (let k = 0; k < blocks; k++) {
      let pattern = 0;
      for (let lane = first; lane < first + 8; lane++)
        pattern = 2 * pattern + ((signs[lane]?.[k] as number) < 0 ? 1 : 0);
      counts[pattern]! += 1;
    }
    const mean = blocks / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / mean;
    expect(Math.abs(chiSquare - 255) / Math.sqrt(2 * 255)).toBeLessThan(most);
  }
});

test('signs of neighbouring blocks are independent', () => {
  for (const shift of [1, 2, side, side + 1])
    for (const lane of [0, 1, 7, 63])
      for (const other of [0, 1, 7, 63]) {
        const there = (signs[other] as Float32Array).map((_, k, all) => all[(k + shift) % blocks] as number);
        expect(deviation(signs[lane] as Float32Array, there)).toBeLessThan(most);
      }
});

test('signs are independent of the offset of the block', () => {
  for (const lane of signs) {
    const sums = new Float64Array(buckets);
    const counts = new Float64Array(buckets);
    offsets.forEach((offset, k) => {
      sums[offset]! += lane[k] as number;
      counts[offset]! += 1;
    });
    const chiSquare = sums.reduce((total, sum, k) => total + sum ** 2 / (counts[k] as number), 0);
    expect(Math.abs(chiSquare - buckets) / Math.sqrt(2 * buckets)).toBeLessThan(most);
  }
});

test('equally spaced lane words would fail: four signs of a progression are correlated', () => {
  const spaced = signsOf((h, lane) => {
    const mixed = h.xor(h.shr(15)).times(0x2c1b3c6d);
    return mixed.xor(mixed.shr(12)).times(lane.times(0x9e3779ba).plus(0x85ebca6b)).shr(31).asSign();
  });
  expect(worstOfGroups(spaced.signs, 2)).toBeLessThan(most);
  expect(worstOfGroups(spaced.signs, 4)).toBeGreaterThan(20);
});
