import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { ArgumentError, random } from '@funhash/hashing';
import { hashedNet, tensorTrain } from '@funhash/space';
import {
  currentBackend,
  type FloatDType,
  ShapeError,
  type Tensor,
  tensor,
  useBackend,
} from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { compress } from '../compression/compress.ts';
import { foldBatchNorm } from '../compression/fold-batch-norm.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { load } from '../model-file/load.ts';
import { BatchNorm } from '../normalization/batch-norm.ts';
import { inference, trace } from '../pass.ts';
import { GRU } from './gru.ts';
import { LSTM } from './lstm.ts';
import fixtures from './recurrent.fixtures.json' with { type: 'json' };

type Case = (typeof fixtures)[number];

/** The name of a parameter of PyTorch, `weight_ih_l1_reverse`, here. */
function nameOf(name: string): string {
  const [, kind, source, layer, reverse] = /^(weight|bias)_(ih|hh)_l(\d+)(_reverse)?$/.exec(name) as string[];
  const part = `${source === 'ih' ? 'input' : 'recurrent'}${reverse ? 'Reverse' : ''}${layer === '0' ? '' : layer}`;
  return `${part}.${kind === 'weight' ? 'weight.w' : 'bias'}`;
}

function layerOf(
  { kind, layers, bidirectional, width, hidden, parameters }: Case,
  output: 'sequence' | 'last',
  dtype: FloatDType,
) {
  const options = { in: width, hiddenSize: hidden, layers, bidirectional, output };
  const layer = kind === 'LSTM' ? new LSTM({ ...options, forgetBias: 0 }) : new GRU(options);
  layer.useDtype(dtype);
  for (const [name, values] of Object.entries(parameters)) {
    const parameter = layer.namedParameters().get(nameOf(name));
    parameter?.assign(tensor(values, parameter.value.shape, { dtype }));
  }
  return layer;
}

function expectClose(actual: Tensor, expected: readonly number[], tolerance: number, what: string): void {
  const values = actual.dataSync();
  expect(values.length, what).toBe(expected.length);
  expected.forEach((right, k) => {
    expect(Math.abs((values[k] as number) - right), `${what}, element ${k}`).toBeLessThan(
      tolerance * Math.max(1, Math.abs(right)),
    );
  });
}

describe.each(fixtures)(
  '$kind, $layers layers, both directions: $bidirectional, lengths $lengths',
  (sample) => {
    const { lengths, width, ofSequence, ofLast } = sample;
    const steps = Math.max(...lengths);

    function check(dtype: FloatDType, tolerance: number): void {
      const x = tensor(sample.x, [lengths.length, steps, width], { dtype });
      const mask = tensor(
        lengths.map((length) => Array.from({ length: steps }, (_, k) => Number(k < length))),
        undefined,
        { dtype },
      );
      const isPadded = lengths.some((length) => length < steps);
      const pass = { ...inference, ...(isPadded && { mask }) };
      for (const [output, right, along, gradients] of [
        ['sequence', sample.y, sample.along, ofSequence],
        ['last', sample.last, sample.ending, ofLast],
      ] as const) {
        const layer = layerOf(sample, output, dtype);
        const y = layer.forward(x, pass);
        expectClose(y, right, tolerance, output);
        const places = Object.entries(gradients as Readonly<Record<string, readonly number[] | null>>);
        const values = places.map(([name]) =>
          name === 'x' ? x : (layer.namedParameters().get(nameOf(name))?.value as Tensor),
        );
        const [, found] = gradientsOf(
          () => sum(multiply(layer.forward(x, pass), tensor(along, y.shape, { dtype }))),
          values,
        );
        places.forEach(([name, expected], k) => {
          const gradient = found[k] as Tensor;
          expectClose(
            gradient,
            expected ?? Array(gradient.size).fill(0),
            tolerance,
            `gradient of ${output} by ${name}`,
          );
        });
      }
    }

    test('outputs and gradients in f32', () => check('f32', 1e-4));

    test('outputs and gradients in f64', async () => {
      const before = currentBackend();
      await useBackend('reference');
      try {
        check('f64', 1e-11);
      } finally {
        await useBackend(before);
      }
    });
  },
);

const normal = (shape: readonly number[]): Tensor =>
  tensor(random(1).fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1))), shape);

test('what stands in padded steps changes nothing', () => {
  const layer = new GRU({ in: 2, hiddenSize: 3, bidirectional: true });
  const mask = tensor([[1, 1, 0]], undefined, { dtype: 'i32' });
  const [first, second] = [7, -9].map((padding) =>
    layer
      .forward(
        tensor([
          [
            [1, 2],
            [3, 4],
            [padding, padding],
          ],
        ]),
        { ...inference, mask },
      )
      .toArray(),
  );
  expect(first).toEqual(second);
  expect((first as number[][][])[0]?.[2]).toEqual(Array(6).fill(0));
});

test('a mask of another number of steps is refused', () => {
  const forward = () =>
    new GRU({ in: 2, hiddenSize: 3 }).forward(normal([2, 4, 2]), { ...inference, mask: normal([2, 3]) });
  expect(forward).toThrow(ShapeError);
  expect(forward).toThrow('a mask of shape [2, 4]');
});

test('a pass shows gates and states of every layer and direction, anywhere in a network', () => {
  const inner = new GRU({ in: 3, hiddenSize: 2, layers: 2, bidirectional: true });
  const net = new Sequential([new Sequential([inner]), new LSTM({ in: 4, hiddenSize: 3, output: 'last' })]);
  const shown = trace(net, normal([2, 5, 3]));
  const places = [...shown.keys()];
  for (const name of ['gate.reset', 'gate.update', 'gate.candidate', 'hidden'])
    for (const end of ['', 'Reverse', '1', 'Reverse1']) expect(places).toContain(`0.0.${name}${end}`);
  for (const name of [
    'gate.forget',
    'gate.input',
    'gate.candidate',
    'gate.output',
    'hidden',
    'cell',
    'output',
  ])
    expect(places).toContain(`1.${name}`);
  expect(shown.get('0.0.hiddenReverse1')?.shape).toEqual([2, 5, 2]);
  expect(shown.get('1.gate.forget')?.shape).toEqual([2, 5, 3]);
  expect(shown.get('output')?.toArray()).toEqual(net.forward(normal([2, 5, 3])).toArray());
});

test('a trace of a GRU is that of its states', () => {
  const layer = new GRU({ in: 3, hiddenSize: 2 });
  const x = normal([2, 5, 3]);
  const { hidden, reset, update, candidate } = layer.trace(x);
  expect(hidden.toArray()).toEqual(layer.forward(x).toArray());
  for (const gate of [reset, update])
    for (const value of gate.dataSync()) expect(value > 0 && value < 1).toBe(true);
  expect(candidate.shape).toEqual([2, 5, 2]);
});

test('a GRU is compressed, folded around and saved as other layers are', async () => {
  const net = new Sequential(
    [
      new GRU({ in: 8, hiddenSize: 6, output: 'last' }),
      new Dense({ in: 6, out: 4 }),
      new BatchNorm({ channels: 4 }),
    ],
    { seed: 2 },
  );
  const x = normal([3, 4, 8]);
  expect([...net.weights().keys()]).toEqual(['0.input.weight', '0.recurrent.weight', '1.weight']);
  const folded = foldBatchNorm(net);
  expect([...folded.members.keys()]).toEqual(['0', '1']);
  expectClose(folded.forward(x), [...net.forward(x).dataSync()], 1e-5, 'folded');
  const { model, report } = await compress(net, { weight: tensorTrain({ ranks: 6 }), layers: ['0.input'] });
  expect(report.weights.map(({ name }) => name)).toEqual(['0.input.weight']);
  expect(model.weights().get('0.input.weight')?.definition.kind).toBe('tensorTrain');
  expectClose(model.forward(x), [...net.forward(x).dataSync()], 1e-4, 'compressed without loss');
  expect((await load(await model.toBytes())).forward(x).toArray()).toEqual(model.forward(x).toArray());
});

test('stacked layers have matrices of their own, each stored as asked', () => {
  const layer = new LSTM({
    in: 8,
    hiddenSize: 4,
    layers: 2,
    bidirectional: true,
    weight: hashedNet({ ratio: 1 / 2 }),
    recurrentWeight: hashedNet({ ratio: 1 / 4, policy: 'step' }),
  });
  const sizes = [...layer.weights()].map(([name, { rows, cols, storedCount }]) => [
    name,
    rows,
    cols,
    storedCount,
  ]);
  expect(sizes).toEqual([
    ['input.weight', 16, 8, 64],
    ['recurrent.weight', 16, 4, 16],
    ['inputReverse.weight', 16, 8, 64],
    ['recurrentReverse.weight', 16, 4, 16],
    ['input1.weight', 16, 8, 64],
    ['recurrent1.weight', 16, 4, 16],
    ['inputReverse1.weight', 16, 8, 64],
    ['recurrentReverse1.weight', 16, 4, 16],
  ]);
  expect(() => layer.continue(normal([1, 2, 8]))).toThrow(ArgumentError);
});
