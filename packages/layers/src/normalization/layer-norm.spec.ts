import { ArgumentError } from '@funhash/hashing';
import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Sequential } from '../containers/sequential.ts';
import { load } from '../model-file/load.ts';
import { layerLaws } from '../testing.ts';
import { LayerNorm } from './layer-norm.ts';

describe('laws, over several axes', () => {
  for (const law of layerLaws(() => new LayerNorm({ channels: [2, 3] }), [2, 2, 3]))
    test(law.name, law.check);
});

const numbers = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.sin(k)),
    shape,
  );

test('several axes are normalised as one', () => {
  const x = numbers(2, 2, 3);
  const flat = new LayerNorm({ channels: 6 }).forward(numbers(2, 6)).dataSync();
  expect(new LayerNorm({ channels: [2, 3] }).forward(x).dataSync()).toEqual(flat);
});

test('files keep the extents', async () => {
  const net = new Sequential([new LayerNorm({ channels: [2, 3] })]);
  const loaded = await load(await net.toBytes());
  expect(loaded.forward(numbers(4, 2, 3)).dataSync()).toEqual(net.forward(numbers(4, 2, 3)).dataSync());
});

test.each([[[]], [[0]], [[2, 1.5]], [new Array(9).fill(1)], ['3']])('channels %j are refused', (channels) => {
  expect(() => new LayerNorm({ channels: channels as never })).toThrow(ArgumentError);
});

test('an input of other extents is refused', () => {
  const layer = new LayerNorm({ channels: [2, 3] });
  expect(() => layer.forward(numbers(4, 3))).toThrow(
    /expected an input of shape \[..., 2, 3\], got \[4, 3\]/,
  );
  expect(() => layer.forward(numbers(2, 3))).toThrow(/\[..., 2, 3\]/);
});
