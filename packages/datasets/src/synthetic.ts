/**
 * Tiny problems of points in the plane, for documentation and tests.
 */
import { ArgumentError, checkOptions, option, type Random, random, shownValue } from '@funhash/hashing';
import { seedRule } from './define-dataset.ts';

export interface PointDataset {
  readonly name: string;
  readonly classes: number;
  readonly count: number;
  /** Points one after the other, `[count, 2]`. */
  readonly inputs: Float32Array;
  /** Class of each point, `[count]`. */
  readonly labels: Int32Array;
}

/**
 * The four corners of the unit square; label 1 where exactly one coordinate is 1.
 *
 * @throws ArgumentError for any argument: there is nothing to choose
 */
export function xor(...none: readonly never[]): PointDataset {
  if (none.length > 0)
    throw new ArgumentError({ operation: 'xor', expected: 'no argument', actual: shownValue(none[0]) });
  return {
    name: 'xor',
    classes: 2,
    count: 4,
    inputs: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1),
    labels: Int32Array.of(0, 1, 1, 0),
  };
}

/**
 * Two spirals wound into each other, one and a half turns, within the unit disc; classes alternate.
 *
 * @param count points, 1 to 2^28
 * @param seed whole number that decides them. Default 0.
 * @param noise standard deviation added to both coordinates. Default 0.02.
 * @throws ArgumentError for what is none of these
 */
export function spirals(count: number, seed = 0, noise = 0.02): PointDataset {
  return drawPoints('spirals', 'spirals', count, seed, noise, (label, draws) => {
    const r = Math.sqrt(draws.uniform());
    const angle = 3 * Math.PI * r + Math.PI * label;
    return [r * Math.cos(angle), r * Math.sin(angle)];
  });
}

/**
 * Two half circles of radius 1 that reach into each other; classes alternate.
 *
 * @param count points, 1 to 2^28
 * @param seed whole number that decides them. Default 0.
 * @param noise standard deviation added to both coordinates. Default 0.1.
 * @throws ArgumentError for what is none of these
 */
export function twoMoons(count: number, seed = 0, noise = 0.1): PointDataset {
  return drawPoints('twoMoons', 'two-moons', count, seed, noise, (label, draws) => {
    const angle = Math.PI * draws.uniform();
    const [x, y] = [Math.cos(angle), Math.sin(angle)];
    return label === 0 ? [x, y] : [1 - x, 0.5 - y];
  });
}

const rules = {
  count: option.required(option.integer({ least: 1, most: 2 ** 28 })),
  seed: seedRule(),
  noise: option.real({ least: 0 }),
};

function drawPoints(
  operation: string,
  name: string,
  count: number,
  seed: number,
  noise: number,
  draw: (label: number, draws: Random) => readonly [number, number],
): PointDataset {
  checkOptions(operation, rules, { count, seed, noise });
  const draws = random(seed).fork(name);
  const inputs = new Float32Array(2 * count);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = i % 2;
    const [x, y] = draw(i % 2, draws);
    inputs[2 * i] = x + noise * draws.normal();
    inputs[2 * i + 1] = y + noise * draws.normal();
  }
  return { name, classes: 2, count, inputs, labels };
}
