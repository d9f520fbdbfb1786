import { readFileSync } from 'node:fs';
import { add, gradientsOf, multiply, reshape, sum } from '@funhash/autodiff';
import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { traceScheme } from '../formula.ts';
import { defineScheme } from '../scheme.ts';
import { dense } from '../schemes/dense.ts';
import { type ConvolveTransposedOptions, conv1d, conv2d, convTranspose1d, convTranspose2d } from './conv.ts';
import { type ConvTransposeOptions, virtualConv, virtualConvTranspose } from './virtual-conv.ts';
import type { VirtualMatrix } from './virtual-matrix.ts';

interface Values {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

interface Case {
  readonly op: 'conv' | 'convTranspose';
  readonly parameters: ConvTransposeOptions & { readonly tanh: boolean };
  readonly inputs: readonly Values[];
  readonly output: Values;
  readonly gradients: readonly Values[];
  readonly second: readonly Values[];
}

const cases = JSON.parse(
  readFileSync(new URL('./virtual-conv.fixtures.json', import.meta.url), 'utf8'),
) as readonly Case[];

/** V = tanh(w): a formula that is not linear in its stored values. */
const squashed = defineScheme({
  kind: 'squashed',
  source: 'none',
  options: {},
  plan: () => ({}),
  stored: (_, { rows, cols }) => ({ w: [rows, cols] }),
  initialize: () => ({ w: new Float64Array() }),
  entry: ({ row, col, cols }, { w }) => w.at(row.times(cols).plus(col)).tanh(),
});

function matrixOf(w: Tensor, tanh: boolean): VirtualMatrix {
  const [rows, cols] = w.shape as [number, number];
  const { formula } = traceScheme((tanh ? squashed : dense).definition, {}, ['w'], false);
  return { formula, rows, cols, uniforms: [rows, cols], scalars: [], stored: [w] };
}

/** The op on tensors for the kernels that are plain. */
function callPlain(
  { op, parameters: { tanh: _, kernel, ...options } }: Case,
  inputs: readonly Tensor[],
): Tensor {
  const [x, w, bias] = inputs as readonly [Tensor, Tensor, Tensor];
  const extents = kernel as readonly number[];
  const ops = { conv: [conv1d, conv2d], convTranspose: [convTranspose1d, convTranspose2d] }[op];
  const convolution = ops[extents.length - 1] as typeof convTranspose1d;
  const rows = w.shape[0] as number;
  return convolution(x, reshape(w, [rows, ...extents, -1]), {
    ...(options as ConvolveTransposedOptions),
    ...(bias && { bias }),
  });
}

function call({ op, parameters: { tanh, ...options } }: Case, inputs: readonly Tensor[]): Tensor {
  const [x, w, bias] = inputs as readonly [Tensor, Tensor, Tensor];
  const convolution = { conv: virtualConv, convTranspose: virtualConvTranspose }[op];
  return convolution(x, matrixOf(w, tanh), { ...options, bias });
}

function weighted(y: Tensor, step: number, modulus: number): Tensor {
  const weights = Float64Array.from({ length: y.size }, (_, i) => 0.5 + ((step * i) % modulus) / modulus);
  return sum(multiply(y, tensor(weights, y.shape, { dtype: y.dtype })));
}

/** Largest error, relative to the largest expected value and at least 1. */
function expectClose(what: string, actual: Tensor, { shape, values }: Values, tolerance: number): void {
  expect(actual.shape, what).toEqual(shape);
  const scale = Math.max(1, ...values.map(Math.abs));
  actual.dataSync().forEach((value, i) => {
    const wanted = values[i] as number;
    if (!(Math.abs(value - wanted) <= tolerance * scale))
      expect.fail(`${what}: element ${i} is ${value}, PyTorch's ${wanted}`);
  });
}

const title = ({ op, parameters, inputs }: Case): string =>
  `${op} ${inputs.map(({ shape }) => `[${shape}]`).join(' ')} ${JSON.stringify(parameters)}`;

describe.each([
  ['f64', 1e-10],
  ['f32', 2e-5],
] as const)('as PyTorch, %s', (dtype, tolerance) => {
  const virtual = cases.map((each, index) => [`${index}: ${title(each)}`, each, call] as const);
  const plain = virtual
    .filter(([, { parameters }]) => !parameters.tanh)
    .map(([name, each]) => [`${name}, plain`, each, callPlain] as const);
  test.each([...virtual, ...plain])('%s', (_, each, call) => {
    const inputs = each.inputs.map(({ shape, values }) =>
      tensor(Float64Array.from(values), shape, { dtype }),
    );
    expectClose('value', call(each, inputs), each.output, tolerance);
    const first = (): Tensor[] => gradientsOf(() => weighted(call(each, inputs), 37, 101), inputs)[1];
    first().forEach((g, k) => {
      expectClose(`gradient ${k}`, g, each.gradients[k] as Values, tolerance);
    });
    const [, second] = gradientsOf(
      () =>
        first()
          .map((g) => weighted(g, 53, 103))
          .reduce((total, part) => add(total, part)),
      inputs,
    );
    second.forEach((h, k) => {
      expectClose(`second-order quantity ${k}`, h, each.second[k] as Values, tolerance);
    });
  });
});
