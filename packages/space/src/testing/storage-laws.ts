import { ArgumentError, FunhashError, random } from '@funhash/hashing';
import { LawError } from '@funhash/hashing/testing';
import { sizeOf, tensor } from '@funhash/tensor';
import { resolveOptions } from '../options.ts';
import { withHashes } from '../own-hash.ts';
import { budgetOf } from '../scheme.ts';
import { createWeight } from '../weight/create-weight.ts';
import { Parameter } from '../weight/parameter.ts';
import { project } from '../weight/project.ts';
import { Weight, type WeightSpec } from '../weight/weight.ts';
import { requireClose, requireSame } from './compare.ts';
import {
  type Arrays,
  afresh,
  changed,
  dependsOnShape,
  entriesOf,
  gradientsUnder,
  normal,
  otherValues,
  type Subject,
  valuesOf,
} from './subject.ts';

/** The spec, through JSON, and the stored values alone decide V, in every process. */
export function spec(subject: Subject): void {
  const weight = subject.weight({ seed: 3 });
  const written = JSON.stringify(weight.spec);
  const values = valuesOf(weight);
  const decoded = entriesOf(weight.virtual, values);
  const x = tensor(normal(random(7), 2 * weight.cols), [2, weight.cols], { dtype: 'f32' });
  const product = weight.matmul(x).dataSync();
  // What a scheme may remember besides its spec is now another weight's.
  const other = subject.weight({ seed: 4 });
  entriesOf(other.virtual, valuesOf(other));
  const restored = weightOf(JSON.parse(written) as WeightSpec, weight, values);
  if (JSON.stringify(restored.spec) !== written)
    throw new LawError({
      operation: 'spec',
      expected: `the spec ${written} again`,
      actual: JSON.stringify(restored.spec),
    });
  requireSame('spec', 'V of the spec and values', entriesOf(restored.virtual, values), decoded);
  requireSame('spec', 'x·Vᵀ of the spec and values', restored.matmul(x).dataSync(), product);
}

function weightOf(read: WeightSpec, like: Weight, values: Arrays): Weight {
  const definition = afresh(like.definition);
  const { rows, cols, policy, scale } = read;
  const own = like.ownHash ? [like.ownHash] : [];
  const options = resolveOptions(read.kind, definition.options, withHashes(read.options, own), 0);
  const parameters = Object.entries(definition.stored(options, read)).map(([name, shape], k) =>
    Parameter.of(name, values[k] as Float64Array, shape),
  );
  return new Weight({ definition, options, rows, cols, parameters, policy, space: like.space, scale });
}

/** What is stored is what `stored` says and never above the budget; a budget too small is refused. */
export function sizes(subject: Subject): void {
  const { request, shape } = subject;
  requireSizes(ofOwnSize(subject), 'its own size');
  const budget = budgetOf(request.size, shape);
  if (budget === undefined || request.space) return;
  for (const values of [budget, budget + 1, budget + 7, 2 * budget, Math.ceil(budget / 3), 1, 2, 3, 11]) {
    const found = withBudget(subject, values);
    if (!found) continue;
    requireSizes(found, `a budget of ${values}`);
    if (found.storedCount > values)
      throw new LawError({
        operation: 'sizes',
        expected: `at most the ${values} stored values allowed`,
        actual: String(found.storedCount),
      });
  }
}

function ofOwnSize({ request, shape }: Subject): Weight {
  try {
    return createWeight(request, shape);
  } catch (cause) {
    if (!(cause instanceof FunhashError)) throw cause;
    const { expected, actual } = cause.details;
    throw new LawError({ operation: 'sizes', expected, actual }, { cause });
  }
}

function withBudget({ request, shape }: Subject, values: number): Weight | undefined {
  try {
    return createWeight({ ...request, size: { values } }, shape);
  } catch (error) {
    if (error instanceof FunhashError) return undefined;
    throw new LawError({
      operation: 'sizes',
      expected: `a weight of ${values} values, or a typed error`,
      actual: String(error),
    });
  }
}

function requireSizes(weight: Weight, what: string): void {
  const stated = Object.entries(weight.definition.stored(weight.options, weight));
  const actual = weight.parameters.map(({ value }) => value.shape.join('×'));
  const expected = stated.map(([, extents]) => extents.join('×'));
  const count = stated.reduce((sum, [, extents]) => sum + sizeOf(extents), 0);
  if (actual.join() === expected.join() && weight.storedCount === count) return;
  throw new LawError({
    operation: 'sizes',
    expected: `parameters of ${expected.join(', ')}, as stored says, for ${what}`,
    actual: `${actual.join(', ')}, ${weight.storedCount} values`,
  });
}

const mostStored = 4096;
// Enough for the rarest place of a block of 256 lanes to be met but once in e^20 times.
const entriesFor = (count: number): number => 256 * count * (Math.log(Math.max(1, count)) + 20);

/**
 * Every stored value has a part in some entry: its gradient is not 0. Where the scheme stores the same for any
 * extents, the matrix is made as tall as it takes; a scheme whose values grow with the matrix must reach all of them
 * in the matrix itself.
 */
export function reach(subject: Subject): void {
  const weight = subject.weight();
  const { storedCount, cols } = weight;
  if (storedCount > mostStored)
    throw new ArgumentError({
      operation: 'law reach',
      expected: `at most ${mostStored} stored values`,
      actual: String(storedCount),
      remedy: 'Check the scheme at a smaller size.',
    });
  const tall = { rows: Math.max(weight.rows, Math.ceil(entriesFor(storedCount) / cols)), cols };
  const v = changed(weight, dependsOnShape(weight, tall) ? {} : tall).virtual;
  const values = otherValues(weight, 1);
  const reached = values.map((array) => new Uint8Array(array.length));
  const draw = random(8);
  const height = Math.max(1, Math.floor(4096 / cols));
  for (
    let firstRow = 0;
    firstRow < v.rows && reached.some((marks) => marks.includes(0));
    firstRow += height
  ) {
    const rows = Math.min(height, v.rows - firstRow);
    const dV = normal(draw, rows * cols);
    const gradients = gradientsUnder(v, values, dV, { firstRow, firstCol: 0, rows, cols });
    gradients.forEach((gradient, slot) => {
      gradient.forEach((g, k) => {
        if (g !== 0) (reached[slot] as Uint8Array)[k] = 1;
      });
    });
  }
  reached.forEach((marks, slot) => {
    const missed = marks.reduce((count, mark) => count + 1 - mark, 0);
    if (missed === 0) return;
    throw new LawError({
      operation: 'reach',
      expected: `all ${marks.length} values of ${weight.arrayNames[slot]} to have a part in V (${v.rows} × ${cols} entries)`,
      actual: `${missed} that have none, the first ${marks.indexOf(0)}`,
    });
  });
}

const seeds = 24;
const requestedStd = 0.37;

/** The entries of V start with the standard deviation asked for, over 24 seeds and within the stated tolerance. */
export function variance(subject: Subject): void {
  let [count, sum, squares] = [0, 0, 0];
  for (let seed = 0; seed < seeds; seed++) {
    const weight = subject.weight({ seed, std: requestedStd });
    for (const entry of entriesOf(weight.virtual, valuesOf(weight))) {
      count++;
      sum += entry;
      squares += entry * entry;
    }
  }
  const std = Math.sqrt(squares / count - (sum / count) ** 2);
  if (Math.abs(std / requestedStd - 1) <= subject.stdTolerance) return;
  throw new LawError({
    operation: 'variance',
    expected: `entries of standard deviation ${requestedStd} within ${subject.stdTolerance} of it, over ${seeds} seeds`,
    actual: String(std),
  });
}

/** Fitting to a matrix never ends worse than it began, and finds a matrix that the scheme can give where it is linear. */
export function projection(subject: Subject): void {
  const weight = subject.weight();
  const { rows, cols } = weight;
  const target = normal(random(9), rows * cols, 0.1);
  // A few steps show whether a fit gets worse; how well it ends is not a law.
  const options = weight.virtual.formula.isLinear ? {} : { steps: 4, iterations: 20 };
  for (const round of ['first', 'again']) {
    const start = errorOf(weight, target);
    const { errorBefore, errorAfter } = project(weight, tensor(target, [rows, cols]), options);
    const end = errorOf(weight, target);
    const what = `the error of a projection (${round})`;
    requireClose('projection', `${what}, before and after`, [errorBefore, errorAfter], [start, end], 1e-9);
    if (end > start)
      throw new LawError({
        operation: 'projection',
        expected: `${what} at most ${start}`,
        actual: String(end),
      });
  }
  if (!weight.virtual.formula.isLinear) return;
  const within = entriesOf(weight.virtual, otherValues(weight, 2));
  const { errorAfter } = project(weight, tensor(within, [rows, cols]));
  const end = errorOf(weight, within);
  requireClose('projection', 'the error of a matrix that the scheme can give', [errorAfter], [end], 1e-3);
  if (errorAfter > 1e-5)
    throw new LawError({
      operation: 'projection',
      expected: 'a matrix that the scheme can give to be found',
      actual: `a relative error of ${errorAfter}`,
    });
}

function errorOf(weight: Weight, target: Float64Array): number {
  const decoded = entriesOf(weight.virtual, valuesOf(weight));
  const squared = (values: Float64Array): number => values.reduce((sum, x) => sum + x * x, 0);
  return Math.sqrt(squared(decoded.map((x, k) => x - (target[k] as number))) / squared(target));
}
