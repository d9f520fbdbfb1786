import { hashedNet, SharedSpace } from '@funhash/space';
import { DisposedError, memory, scope, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Dense, Sequential } from './layer-classes.ts';
import { layerSamples } from './testing/layer-samples.ts';

test.each(Object.entries(layerSamples))('%s gives back what it holds', (_, { layers }) => {
  for (let k = 0; k < layers().length; k++) {
    const before = memory();
    const layer = layers()[k] as Dense;
    layer.namedParameters();
    layer.namedBuffers();
    layer.dispose();
    layer.dispose();
    expect(memory()).toEqual(before);
    expect(layer.isDisposed).toBe(true);
  }
});

const net = () =>
  new Sequential([
    new Dense({ in: 3, out: 4, weight: hashedNet({ values: 5, policy: 'step' }), activation: 'relu' }),
    new Dense({ in: 4, out: 2 }),
  ]);

test('memory stays the same over many networks in one synchronous loop, decoded weights too', () => {
  const x = tensor([[1, 2, 3]]);
  const before = memory();
  for (let k = 0; k < 200; k++) {
    const model = net();
    scope(() => model.forward(x).dataSync());
    model.dispose();
  }
  expect(memory()).toEqual(before);
});

test('a network that was disposed says so', async () => {
  const model = net();
  model.parameters();
  model.dispose();
  expect(() => model.forward(tensor([[1, 2, 3]]))).toThrow(DisposedError);
  expect(() => model.forward(tensor([[1, 2, 3]]))).toThrow('Sequential: expected a live layer or network');
  await expect(model.toBytes()).rejects.toThrow(DisposedError);
});

test('a layer in two networks, and a space of two layers, are freed with the first', () => {
  const shared = new Dense({ in: 2, out: 2 });
  const [first, second] = [new Sequential([shared]), new Sequential([shared])];
  first.parameters();
  first.dispose();
  expect(() => second.forward(tensor([[1, 2]]))).toThrow(DisposedError);
  const space = new SharedSpace({ values: 8 });
  const one = new Dense({ in: 2, out: 2, weight: hashedNet({ space }) });
  one.parameters();
  one.dispose();
  expect(space.parameter.value.isDisposed).toBe(true);
});

test('`using` disposes of a network at the end of its block', () => {
  const before = memory();
  const model = net();
  model.parameters();
  model[Symbol.dispose]();
  expect(model.isDisposed).toBe(true);
  expect(memory()).toEqual(before);
});
