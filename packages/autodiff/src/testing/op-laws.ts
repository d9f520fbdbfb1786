import { checkOptions, type OptionsOf, option, random } from '@funhash/hashing';
import { type Law, LawError } from '@funhash/hashing/testing';
import {
  contiguousStrides,
  type DType,
  memory,
  type Shape,
  scope,
  sizeOf,
  type Tensor,
  tensor,
} from '@funhash/tensor';
import fc from 'fast-check';
import { grad, gradientsOf, stopGradient } from '../grad.ts';
import { gradCheck } from '../grad-check.ts';
import { seedOption } from '../ops/option-rules.ts';
import { add, multiply } from '../ops/pointwise.ts';
import { sum } from '../ops/reduce.ts';
import { isRecording } from '../tape.ts';
import type { OpSample } from './samples.ts';

/** An op as the laws call it: its tensors, then its parameters. */
export type LawfulOp<S extends readonly Shape[], P extends readonly unknown[]> = (
  ...operands: [...{ [K in keyof S]: Tensor }, ...P]
) => Tensor;

const rules = {
  /** Inputs are uniform from here on. Default −2. Choose them inside the domain of the op. */
  low: option.real(),
  /** Inputs are uniform up to here. Default 2. */
  high: option.real(),
  /** Largest error of a gradient in f64, relative to the largest gradient and at least 1. Default 1e-6. */
  tolerance: option.real({ least: 0 }),
  /** Largest error in f32, relative to the largest value and at least 1. Default 1e-4. */
  toleranceF32: option.real({ least: 0 }),
  /** Samples for each law. Default 15. */
  runs: option.count(),
  /** Seed of samples and inputs. Default 1. */
  seed: seedOption(),
};

/** Options of `opLaws`. */
export type OpLawOptions = OptionsOf<typeof rules>;

/** What a law looks at: the op with its parameters bound, at a point. */
interface Trial {
  readonly op: (...inputs: readonly Tensor[]) => Tensor;
  readonly inputs: readonly Tensor[];
  readonly toleranceF32: number;
  readonly tolerance: number;
}

/**
 * The laws of a differentiable op, at random f64 points of generated shapes: gradients of the first and of the second
 * order equal central differences; the vjp is linear in the cotangent; gradients have the shape and dtype of their
 * inputs; nothing is recorded for inputs that are not watched; gradients nest; strided inputs give equal results;
 * inputs are left alone; nothing outlives a scope; f32 gives nearly the same in f32.
 *
 *     for (const law of opLaws('swish', swish, oneShape())) test(law.name, law.check);
 *
 * @param op takes the tensors of a sample, then its parameters; differentiable at nearly all points
 * @param sample shapes that the op accepts, and its other parameters
 */
export function opLaws<const S extends readonly Shape[], const P extends readonly unknown[]>(
  name: string,
  op: LawfulOp<S, P>,
  sample: fc.Arbitrary<OpSample<S, P>>,
  options: OpLawOptions = {},
): Law[] {
  checkOptions('opLaws', rules, options);
  const { low = -2, high = 2, tolerance = 1e-6, toleranceF32 = 1e-4, runs = 15, seed = 1 } = options;
  return Object.entries(laws).map(([title, check]) => ({
    name: `${name}: ${title}`,
    check: () => {
      const property = fc.property(sample, ({ shapes, parameters }) =>
        scope(() => {
          const generator = random(seed);
          const inputs = shapes.map((shape) =>
            tensor(generator.fillUniform(new Float64Array(sizeOf(shape)), low, high), shape),
          );
          const bound = (...operands: readonly Tensor[]): Tensor =>
            op(...([...operands, ...parameters] as unknown as Parameters<LawfulOp<S, P>>));
          check({ op: bound, inputs, tolerance, toleranceF32 });
        }),
      );
      const { failed, counterexample, errorInstance } = fc.check(property, { seed, numRuns: runs });
      if (!failed) return;
      throw new LawError(
        {
          operation: `${name}: ${title}`,
          expected: 'the law to hold',
          actual: `${errorInstance instanceof Error ? errorInstance.message : String(errorInstance)} At ${fc.stringify(counterexample?.[0])}`,
        },
        { cause: errorInstance },
      );
    },
  }));
}

const laws: Readonly<Record<string, (trial: Trial) => void>> = {
  'gradients of both orders equal central differences': ({ op, inputs, tolerance }) =>
    gradCheck(op, inputs, { tolerance, directions: 2 }),

  'the vjp is linear in the cotangent': ({ op, inputs }) => {
    const y = op(...inputs);
    const [u, v] = [weights(y, 1), weights(y, 2)];
    const [ofU, ofV] = [pullBack(op, inputs, u), pullBack(op, inputs, v)];
    const both = pullBack(op, inputs, add(multiply(u, 3), multiply(v, -2)));
    both.forEach((g, k) => {
      const expected = add(multiply(ofU[k] as Tensor, 3), multiply(ofV[k] as Tensor, -2));
      requireClose(`gradient ${k} of 3u − 2v`, g, expected, 1e-10);
    });
  },

  'gradients have the shape and dtype of their inputs': ({ op, inputs }) => {
    for (const dtype of ['f64', 'f32'] as const) {
      const points = inputs.map((input) => ofDType(input, dtype));
      const y = op(...points);
      if (y.dtype !== dtype) fail(`a result of dtype ${dtype}`, y);
      pullBack(op, points, weights(y, 1)).forEach((g, k) => {
        const { shape } = points[k] as Tensor;
        if (g.dtype !== dtype || g.shape.join() !== shape.join()) fail(`gradient ${k} like ${points[k]}`, g);
      });
    }
  },

  'only what is watched has a gradient': ({ op, inputs }) => {
    const w = weights(op(...inputs), 1);
    const all = pullBack(op, inputs, w);
    inputs.forEach((input, k) => {
      const [, [alone]] = gradientsOf(
        () => sum(multiply(op(...inputs.map((other, j) => (j === k ? input : stopGradient(other)))), w)),
        [input],
      );
      requireClose(`gradient ${k}, watched alone,`, alone as Tensor, all[k] as Tensor, 1e-10);
    });
    gradientsOf(() => {
      const y = op(...inputs.map(stopGradient));
      if (isRecording([y])) fail('a result of unwatched inputs to be unwatched', y);
      return sum(multiply(y, w));
    }, inputs);
  },

  'gradients nest': ({ op, inputs }) => {
    const w = weights(op(...inputs), 1);
    inputs.forEach((input, k) => {
      const at = (x: Tensor): Tensor => sum(multiply(op(...inputs.toSpliced(k, 1, x)), w));
      const v = weights(input, 2);
      // <v, ∇(s·f)> is linear in s: its slope is <v, ∇f>.
      const outer = grad((s: Tensor) => sum(multiply(v, grad((x: Tensor) => multiply(at(x), s))(input))));
      const slope = outer(tensor(new Float64Array([0.7]), []));
      requireClose(`input ${k}, nested,`, slope, sum(multiply(v, grad(at)(input))), 1e-10);
    });
  },

  'strided inputs give equal results': ({ op, inputs }) => {
    const twins = inputs.map(strided);
    const y = op(...inputs);
    requireClose('the result', op(...twins), y, 1e-12);
    const expected = pullBack(op, inputs, weights(y, 1));
    pullBack(op, twins, strided(weights(y, 1))).forEach((g, k) => {
      requireClose(`gradient ${k}`, g, expected[k] as Tensor, 1e-12);
    });
  },

  'inputs are left alone': ({ op, inputs }) => {
    const before = inputs.map((input) => input.dataSync());
    pullBack(op, inputs, weights(op(...inputs), 1));
    inputs.forEach((input, k) => {
      if (input.dataSync().some((value, i) => !Object.is(value, before[k]?.[i])))
        fail(`input ${k} to keep its values`, input);
    });
  },

  'nothing outlives a scope': ({ op, inputs }) => {
    const step = (): void => {
      scope(() => {
        pullBack(op, inputs, weights(op(...inputs), 1));
      });
    };
    step(); // what an op makes once and keeps is no leak
    const before = memory();
    step();
    const after = memory();
    if (after.buffers !== before.buffers || after.bytes !== before.bytes)
      fail(`${before.buffers} buffers of ${before.bytes} bytes after a scope`, JSON.stringify(after));
  },

  'f32 is near f64': ({ op, inputs, toleranceF32 }) => {
    const y = op(...inputs);
    const points = inputs.map((input) => ofDType(input, 'f32'));
    const single = op(...points);
    requireClose('the result in f32', single, y, toleranceF32);
    const expected = pullBack(op, inputs, weights(y, 1));
    pullBack(op, points, weights(single, 1)).forEach((g, k) => {
      requireClose(`gradient ${k} in f32`, g, expected[k] as Tensor, toleranceF32);
    });
  },
};

function pullBack(op: Trial['op'], inputs: readonly Tensor[], cotangent: Tensor): Tensor[] {
  return gradientsOf(() => sum(multiply(op(...inputs), cotangent)), inputs)[1];
}

function weights({ shape, size, dtype }: Tensor, seed: number): Tensor {
  const values = random(seed).fillUniform(new Float64Array(size), 0.5, 1.5);
  return tensor(values, shape, { dtype });
}

function ofDType(x: Tensor, dtype: DType): Tensor {
  return tensor(x.dataSync(), x.shape, { dtype });
}

/** Equal elements, in memory in reverse order of axes, every other place, from place 1. */
function strided(x: Tensor): Tensor {
  const reversed = contiguousStrides(x.shape.toReversed())
    .toReversed()
    .map((stride) => stride * 2);
  const values = new Float64Array(2 * x.size + 1).fill(Number.NaN);
  const rows = contiguousStrides(x.shape);
  x.dataSync().forEach((value, i) => {
    const place = rows.reduce(
      (at, row, axis) => at + (Math.floor(i / row) % (x.shape[axis] as number)) * (reversed[axis] as number),
      1,
    );
    values[place] = value;
  });
  return tensor(values).view(x.shape, reversed, 1);
}

function requireClose(what: string, actual: Tensor, expected: Tensor, tolerance: number): void {
  if (actual.shape.join() !== expected.shape.join()) fail(`${what} like ${expected}`, actual);
  const [a, b] = [actual.dataSync(), expected.dataSync()];
  const scale = Array.from(b).reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  Array.from(a).forEach((value, i) => {
    if (!(Math.abs(value - (b[i] as number)) <= tolerance * scale))
      fail(`${what} to be ${b[i]} at element ${i} within ${tolerance * scale}`, value);
  });
}

function fail(expected: string, actual: unknown): never {
  throw new LawError({ operation: 'opLaws', expected, actual: String(actual) });
}
