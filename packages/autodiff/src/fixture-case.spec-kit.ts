import { type Tensor, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { gradientsOf } from './grad.ts';
import { add, multiply } from './ops/pointwise.ts';
import { sum } from './ops/reduce.ts';

export interface Values {
  readonly shape: readonly number[];
  readonly values: readonly (number | string)[];
}

/** A case of a fixtures file; the script beside it says how its quantities are formed. */
export interface FixtureCase<P> {
  readonly op: string;
  readonly parameters: P;
  readonly inputs: readonly Values[];
  readonly output: Values;
  readonly gradients: readonly Values[];
  readonly second?: readonly Values[];
}

type DType = 'f32' | 'f64';

/** One test for each case: value, gradients and second-order quantities of `call` are those of the case. */
export function testCases<P>(
  cases: readonly FixtureCase<P>[],
  dtype: DType,
  call: (each: FixtureCase<P>, inputs: readonly Tensor[], dtype: DType) => Tensor,
  toleranceOf: (op: string) => number = () => (dtype === 'f64' ? 1e-10 : 1e-5),
): void {
  test.each(cases.map((each, index) => [`${index}: ${title(each)}`, each] as const))('%s', (_, each) => {
    const tolerance = toleranceOf(each.op);
    const inputs = each.inputs.map(({ shape, values }) => tensor(values.map(Number), shape, { dtype }));
    const output = call(each, inputs, dtype);
    expectClose('value', output, each.output, tolerance);
    const first = (): Tensor[] => gradientsOf(() => weighted(call(each, inputs, dtype), 37, 101), inputs)[1];
    first().forEach((g, k) => {
      expectClose(`gradient ${k}`, g, each.gradients[k] as Values, tolerance);
    });
    if (!each.second) return;
    const [, second] = gradientsOf(
      () =>
        first()
          .map((g) => weighted(g, 53, 103))
          .reduce((total, part) => add(total, part)),
      inputs,
    );
    second.forEach((h, k) => {
      expectClose(`second-order quantity ${k}`, h, each.second?.[k] as Values, tolerance);
    });
  });
}

function title<P>({ op, parameters, inputs }: FixtureCase<P>): string {
  return `${op} ${inputs.map(({ shape }) => `[${shape}]`).join(' ')} ${JSON.stringify(parameters)}`;
}

function weighted(y: Tensor, step: number, modulus: number): Tensor {
  const weights = Float64Array.from({ length: y.size }, (_, i) => 0.5 + ((step * i) % modulus) / modulus);
  return sum(multiply(y, tensor(weights, y.shape, { dtype: y.dtype })));
}

/** Largest error, relative to the largest finite expected value and at least 1. */
export function expectClose(
  what: string,
  actual: Tensor,
  { shape, values }: Values,
  tolerance: number,
): void {
  expect(actual.shape, what).toEqual(shape);
  const expected = values.map(Number);
  const scale = Math.max(1, ...expected.filter(Number.isFinite).map(Math.abs));
  actual.dataSync().forEach((value, i) => {
    const wanted = expected[i] as number;
    const close =
      Object.is(value, wanted) || value === wanted || Math.abs(value - wanted) <= tolerance * scale;
    if (!close) expect.fail(`${what}: element ${i} is ${value}, PyTorch's ${wanted}`);
  });
}
