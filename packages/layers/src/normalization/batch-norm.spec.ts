import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { ArgumentError, random } from '@funhash/hashing';
import type { Parameter } from '@funhash/space';
import { memory, ShapeError, scope, type Tensor, tensor, zeros } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { load, loadInto } from '../model-file/load.ts';
import type { Module } from '../module.ts';
import { StagedBuffers } from '../staged-buffers.ts';
import fixtures from './batch-norm.fixtures.json' with { type: 'json' };
import { BatchNorm } from './batch-norm.ts';
import { LayerNorm } from './layer-norm.ts';

const training = { training: true, random: random(0) };

const closeTo = (actual: Tensor | undefined, expected: readonly number[], relative = 2e-5): void => {
  const values = (actual as Tensor).dataSync();
  expect(values).toHaveLength(expected.length);
  const size = Math.max(1, ...expected.map(Math.abs));
  expected.forEach((wanted, k) => {
    expect(Math.abs((values[k] as number) - wanted), `element ${k}`).toBeLessThan(relative * size);
  });
};

const assign = (parameter: Parameter | undefined, values: readonly number[]): void =>
  parameter?.assign(tensor(Float32Array.from(values)));

/** Output, and gradients by x, scale and shift. */
function pulled(layer: Module, x: Tensor, cotangent: Tensor) {
  const { scale, shift } = Object.fromEntries(layer.namedParameters()) as Record<string, Parameter>;
  let y: Tensor | undefined;
  const [, gradients] = gradientsOf(() => {
    y = layer.forward(x, training);
    return sum(multiply(y, cotangent));
  }, [x, (scale as Parameter).value, (shift as Parameter).value]);
  return { y, gradients };
}

describe.each([...fixtures.training, ...fixtures.shiftBased])('BatchNorm $options over $shape', (sample) => {
  test('steps of training and inference are those of PyTorch, running statistics too', () => {
    const layer = new BatchNorm(sample.options);
    const { scale, shift } = Object.fromEntries(layer.namedParameters()) as Record<string, Parameter>;
    const { mean, variance } = Object.fromEntries(layer.namedBuffers()) as Record<string, Parameter>;
    assign(scale, sample.scale);
    assign(shift, sample.shift);
    for (const step of sample.steps) {
      const { y, gradients } = pulled(
        layer,
        tensor(step.x, sample.shape),
        tensor(step.cotangent, sample.shape),
      );
      closeTo(y, step.y);
      closeTo(gradients[0], step.dx);
      closeTo(gradients[1], step.dScale);
      closeTo(gradients[2], step.dShift);
      closeTo(mean?.value, step.mean);
      closeTo(variance?.value, step.variance);
      for (const [parameter, gradient] of [
        [scale, gradients[1]],
        [shift, gradients[2]],
      ] as const) {
        const values = (parameter as Parameter).value.dataSync();
        const slopes = (gradient as Tensor).dataSync();
        assign(
          parameter,
          Array.from(values, (value, k) => value - 0.1 * (slopes[k] as number)),
        );
      }
    }
    closeTo(layer.forward(tensor(sample.x, sample.shape)), sample.y, 1e-4);
  });
});

test.each(fixtures.layerNorm)('LayerNorm over $shape is that of PyTorch', (sample) => {
  const layer = new LayerNorm({ channels: sample.shape.at(-1) as number });
  const { scale, shift } = Object.fromEntries(layer.namedParameters()) as Record<string, Parameter>;
  assign(scale, sample.scale);
  assign(shift, sample.shift);
  const { y, gradients } = pulled(
    layer,
    tensor(sample.x, sample.shape),
    tensor(sample.cotangent, sample.shape),
  );
  closeTo(y, sample.y);
  closeTo(gradients[0], sample.dx);
  closeTo(gradients[1], sample.dScale);
  closeTo(gradients[2], sample.dShift);
});

describe('running statistics', () => {
  const trained = () => {
    const norm = new BatchNorm({ channels: 2, activation: 'relu' });
    const net = new Sequential([new Dense({ in: 3, out: 2, seed: 1 }), norm], { seed: 2 });
    const x = tensor([
      [1, 2, 3],
      [0, -1, 5],
      [2, 2, -2],
    ]);
    for (let step = 0; step < 3; step++) net.forward(x, training);
    return { net, norm, x };
  };

  test('are buffers: saved, and no parameters', async () => {
    const { net, x } = trained();
    expect([...net.namedParameters().keys()]).toEqual(['0.weight.w', '0.bias', '1.scale', '1.shift']);
    expect([...net.namedBuffers().keys()]).toEqual(['1.mean', '1.variance']);
    expect(net.summary().total.storedCount).toBe(6 + 2 + 2 + 2);
    const restored = await load(await net.toBytes());
    expect(restored.spec).toEqual(net.spec);
    expect(restored.forward(x).dataSync()).toEqual(net.forward(x).dataSync());
    const other = new Sequential(
      [new Dense({ in: 3, out: 2, seed: 1 }), new BatchNorm({ channels: 2, activation: 'relu' })],
      { seed: 2 },
    );
    await loadInto(other, await net.toBytes());
    expect(other.forward(x).dataSync()).toEqual(net.forward(x).dataSync());
  });

  test('of a layer in two places are saved once', async () => {
    const norm = new BatchNorm({ channels: 2 });
    const net = new Sequential([norm, norm]);
    const x = tensor([
      [1, 2],
      [5, -1],
    ]);
    net.forward(x, training);
    expect([...net.namedBuffers().keys()]).toEqual(['0.mean', '0.variance']);
    const restored = (await load(await net.toBytes())) as Sequential;
    expect(restored.layers[0]).toBe(restored.layers[1]);
    expect(restored.forward(x).dataSync()).toEqual(net.forward(x).dataSync());
  });

  test('that are staged move with the step: by the bits of a pass without, or not at all', () => {
    const { net, norm, x } = trained();
    const { net: atOnce } = trained();
    const values = (model: Sequential) =>
      [...model.namedBuffers().values()].map(({ value }) => [...value.dataSync()]);
    const before = values(net);
    const [broken, tripled] = [multiply(x, Number.NaN), multiply(x, 3)];
    const { buffers } = memory();
    const staged = new StagedBuffers();
    const pass = { ...training, staged };
    scope(() => void net.forward(broken, pass));
    expect(values(net)).toEqual(before);
    expect([...staged.contents.keys()]).toEqual([norm.statistics.mean, norm.statistics.variance]);
    staged.discard();
    for (const input of [x, tripled]) scope(() => void net.forward(input, pass));
    expect(values(net)).toEqual(before);
    staged.commit();
    for (const input of [x, tripled]) scope(() => void atOnce.forward(input, training));
    expect(values(net)).toEqual(values(atOnce));
    expect(values(net)).not.toEqual(before);
    staged.commit();
    expect(memory().buffers).toBe(buffers);
  });

  test('do not move at inference, nor does memory grow in training', () => {
    const { norm, net, x } = trained();
    const before = norm.statistics.mean.value.dataSync();
    net.forward(x);
    expect(norm.statistics.mean.value.dataSync()).toEqual(before);
    const step = () =>
      scope(
        () =>
          void gradientsOf(
            () => sum(net.forward(x, training)),
            net.parameters().map(({ value }) => value),
          ),
      );
    step();
    const { bytes } = memory();
    for (let k = 0; k < 20; k++) step();
    expect(memory().bytes).toBe(bytes);
  });
});

test('by shifts, factors of inference are powers of two, and a file says so', async () => {
  const norm = new BatchNorm({ channels: 7, shiftBased: true });
  const draw = random(3);
  const { scale, shift } = Object.fromEntries(norm.namedParameters()) as Record<string, Parameter>;
  for (let round = 0; round < 20; round++) {
    assign(scale, [...draw.fillNormal(new Float32Array(7))]);
    assign(shift, [...draw.fillNormal(new Float32Array(7))]);
    assign(norm.statistics.variance, [...draw.fillUniform(new Float32Array(7), 0, 50)]);
    const factors = [...norm.terms.factor.dataSync()];
    for (const factor of factors) expect(Number.isInteger(Math.log2(Math.abs(factor)))).toBe(true);
  }
  const restored = await load(await new Sequential([norm]).toBytes());
  const x = tensor([...draw.fillNormal(new Float32Array(14))], [2, 7]);
  expect(restored.forward(x).dataSync()).toEqual(norm.forward(x).dataSync());
  expect((restored as Sequential).layers[0]?.spec).toEqual(norm.spec);
});

test('wrong options, shapes and lone values are refused', () => {
  expect(() => new BatchNorm({ channels: 0 })).toThrow(ArgumentError);
  expect(() => new BatchNorm({ channels: 2, momentum: 0 })).toThrow(/momentum/);
  expect(() => new BatchNorm({ channels: 2, momentum: 1.1 })).toThrow(/momentum/);
  expect(() => new LayerNorm({ channels: 2, epsilon: -1 })).toThrow(/epsilon/);
  expect(() => new LayerNorm({ channels: 2, activation: 'none' as 'relu' })).toThrow(/activation/);
  const norm = new BatchNorm({ channels: 2 });
  expect(() => norm.forward(zeros([3, 3]))).toThrow(ShapeError);
  expect(() => norm.forward(zeros([2]))).toThrow(/\[\.\.\., 2\]/);
  expect(() => norm.forward(zeros([1, 2]), training)).toThrow(/at least 2 values/);
  expect(norm.forward(zeros([1, 2])).shape).toEqual([1, 2]);
  expect(norm.forward(zeros([0, 2])).shape).toEqual([0, 2]);
});
