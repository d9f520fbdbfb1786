import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { ArgumentError, random } from '@funhash/hashing';
import { funHash, lowRank } from '@funhash/space';
import {
  currentBackend,
  type FloatDType,
  ShapeError,
  sizeOf,
  type Tensor,
  tensor,
  useBackend,
} from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { load } from '../model-file/load.ts';
import type { Module } from '../module.ts';
import { inference } from '../pass.ts';
import { layerLaws } from '../testing/layer-laws.ts';
import fixtures from './multi-head-attention.fixtures.json' with { type: 'json' };
import { MultiHeadAttention } from './multi-head-attention.ts';

const { input, layers } = MultiHeadAttention.sample;
for (const k of layers().keys())
  for (const law of layerLaws(() => layers()[k] as Module, input)) test(`${k}: ${law.name}`, law.check);

for (const law of layerLaws(
  () => new MultiHeadAttention({ in: 4, heads: 2, weight: funHash({ values: 14, hashes: 2, layers: 2 }) }),
  input,
  { drawn: 1 },
))
  test(`virtual: ${law.name}`, law.check);

type Case = (typeof fixtures)[number];
type Values = readonly number[];

/** Values of PyTorch, whose matrices of queries, keys and values lie one above the other, by their names here. */
function byName(values: Readonly<Record<string, Values | undefined>>): Map<string, Values> {
  const named = new Map<string, Values>();
  for (const [kind, name] of [
    ['weight', 'weight.w'],
    ['bias', 'bias'],
  ] as const) {
    const together = values[`in_proj_${kind}`];
    const output = values[`out_proj.${kind}`];
    if (!together || !output) continue;
    const size = together.length / 3;
    ['query', 'key', 'value'].forEach((part, k) => {
      named.set(`${part}.${name}`, together.slice(k * size, (k + 1) * size));
    });
    named.set(`output.${name}`, output);
  }
  return named;
}

function expectClose(actual: Tensor, expected: Values, tolerance: number, what: string): void {
  const values = actual.dataSync();
  expect(values.length, what).toBe(expected.length);
  expected.forEach((right, k) => {
    const error = Math.abs((values[k] as number) - right);
    expect(error, `${what}, element ${k}`).toBeLessThan(tolerance * Math.max(1, Math.abs(right)));
  });
}

function check(sample: Case, dtype: FloatDType, tolerance: number): void {
  const { width, heads, lengths, causal, bias, queries } = sample;
  const [batch, steps] = [lengths.length, Math.max(...lengths)];
  const layer = new MultiHeadAttention({ in: width, heads, causal, bias });
  layer.useDtype(dtype);
  for (const [name, values] of byName(sample.parameters)) {
    const parameter = layer.namedParameters().get(name);
    parameter?.assign(tensor(values, parameter.value.shape, { dtype }));
  }
  const context = tensor(sample.context, [batch, steps, width], { dtype });
  const x = queries === null ? context : tensor(sample.x, [batch, queries, width], { dtype });
  const rows = lengths.map((length) => Array.from({ length: steps }, (_, k) => Number(k < length)));
  const pass = { ...inference, mask: tensor(rows, undefined, { dtype: 'i32' }) };
  const forward = () => (queries === null ? layer.forward(x, pass) : layer.attend(x, context, pass));
  expectClose(forward(), sample.y, tolerance, 'output');
  const along = tensor(sample.along, [batch, x.shape[1] as number, width], { dtype });
  const wanted = new Map<string, Values | undefined>([
    ['x', sample.gradients.x],
    ...(queries === null ? [] : [['context', sample.gradients.context] as const]),
    ...byName(sample.gradients),
  ]);
  const places: Readonly<Record<string, Tensor>> = { x, context };
  const values = [...wanted.keys()].map(
    (name) => places[name] ?? (layer.namedParameters().get(name)?.value as Tensor),
  );
  const [, found] = gradientsOf(() => sum(multiply(forward(), along)), values);
  [...wanted].forEach(([name, right], k) => {
    expectClose(found[k] as Tensor, right as Values, tolerance, `gradient by ${name}`);
  });
}

describe.each(fixtures)(
  'as PyTorch: $heads heads of $width, lengths $lengths, causal: $causal, queries: $queries',
  (sample) => {
    test('outputs and gradients in f32', () => check(sample, 'f32', 2e-4));

    test('outputs and gradients in f64', async () => {
      const before = currentBackend();
      await useBackend('reference');
      try {
        check(sample, 'f64', 1e-11);
      } finally {
        await useBackend(before);
      }
    });
  },
);

const normal = (shape: readonly number[]): Tensor =>
  tensor(random(1).fillNormal(new Float32Array(sizeOf(shape))), shape);

test('in a network, by any scheme, saved and loaded', async () => {
  const weight = lowRank({ rank: 2 });
  const net = new Sequential(
    [new MultiHeadAttention({ in: 6, heads: 2, out: 4, weight }), new Dense({ in: 4, out: 2 })],
    { seed: 3 },
  );
  const x = normal([2, 5, 6]);
  const y = net.forward(x);
  expect(y.shape).toEqual([2, 5, 2]);
  expect([...net.weights().keys()]).toEqual([
    ...['query', 'key', 'value', 'output'].map((name) => `0.${name}.weight`),
    '1.weight',
  ]);
  expect(net.weights().get('0.key.weight')?.definition.kind).toBe('lowRank');
  expect((await load(await net.toBytes())).forward(x).toArray()).toEqual(y.toArray());
});

test('a causal layer gives a step what the steps before it decide', () => {
  const layer = new MultiHeadAttention({ in: 4, heads: 2, causal: true });
  const x = normal([1, 4, 4]);
  const changed = tensor([...x.dataSync().slice(0, 12), 9, 9, 9, 9], [1, 4, 4]);
  const first = (input: Tensor) => [...layer.forward(input).dataSync().slice(0, 12)];
  expect(first(changed)).toEqual(first(x));
});

test('what does not fit is refused', () => {
  expect(() => new MultiHeadAttention({ in: 4, heads: 3 })).toThrow(ArgumentError);
  expect(() => new MultiHeadAttention({ in: 4, heads: 3 })).toThrow(/heads that divide.*headSize/);
  const layer = new MultiHeadAttention({ in: 4, heads: 2 });
  expect(() => layer.forward(normal([2, 3, 4]), { ...inference, mask: normal([2, 4]) })).toThrow(
    'a mask of shape [2, 3]',
  );
  expect(() => layer.attend(normal([2, 3, 4]), normal([1, 3, 4]))).toThrow(ShapeError);
  expect(() => layer.attend(normal([2, 3, 4]), normal([2, 3, 5]))).toThrow(/\[B, T, 4\]/);
  expect(() => layer.attend(normal([2, 3, 4]), 3 as never)).toThrow(/context: a tensor/);
});
