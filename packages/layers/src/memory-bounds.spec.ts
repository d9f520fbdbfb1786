import {
  broadcastTo,
  concat,
  matmul,
  oneHot,
  pad,
  randomNormal,
  randomUniform,
  stack,
} from '@funhash/autodiff';
import { hashedNet, lowRank } from '@funhash/space';
import { MemoryError, tensor, zeros } from '@funhash/tensor';
import { expect, test } from 'vitest';
import {
  BatchNorm,
  Conv2d,
  ConvTranspose2d,
  Dense,
  LayerNorm,
  LSTM,
  Pad,
  Upsample,
} from './layer-classes.ts';

const image = zeros([1, 4, 4, 1]);
const long = zeros([2 ** 17]);
const column = zeros([2 ** 17, 1]);
const few = hashedNet({ values: 4 });

test.each<[operation: string, make: () => unknown]>([
  [
    'pad',
    () =>
      pad(image, [
        [0, 0],
        [2 ** 16, 0],
        [2 ** 16, 0],
        [0, 0],
      ]),
  ],
  ['pad', () => pad(long, [[2 ** 33, 0]], { mode: 'edge' })],
  ['pad', () => new Pad({ padding: [2 ** 16, 2 ** 16, 0] }).forward(image)],
  ['oneHot', () => oneHot(tensor(Int32Array.of(0)), 2 ** 33)],
  ['oneHot', () => oneHot(tensor(new Int32Array(2 ** 12)), 2 ** 20)],
  ['matmul', () => matmul(column, zeros([1, 2 ** 17]))],
  ['randomNormal', () => randomNormal([2 ** 20, 2 ** 20], { seed: 1 })],
  ['randomUniform', () => randomUniform([2 ** 33], { seed: 1 })],
  ['upsampleNearest', () => new Upsample({ scale: 2 ** 16 }).forward(image)],
  ['upsampleBilinear', () => new Upsample({ scale: 2 ** 16, mode: 'bilinear' }).forward(image)],
  [
    'transposed convolution',
    () => new ConvTranspose2d({ in: 1, out: 1, kernelSize: 2, stride: 2 ** 16 }).forward(image),
  ],
  [
    'padding of a convolution',
    () => new Conv2d({ in: 1, out: 1, kernelSize: 2, padding: 2 ** 17 }).forward(image),
  ],
  ['bias [2147483648] of a layer', () => new Dense({ in: 1, out: 2 ** 31, weight: few }).parameters()],
  ['scale [1073741824] of a layer', () => new BatchNorm({ channels: 2 ** 30 }).parameters()],
  ['scale [1073741824] of a layer', () => new LayerNorm({ channels: 2 ** 30 }).parameters()],
  ['dense w of a weight [2147483648, 1]', () => new Dense({ in: 1, out: 2 ** 31 }).parameters()],
  [
    'dense w of a weight [4194304, 1048576]',
    () => new LSTM({ in: 2 ** 20, hiddenSize: 2 ** 20 }).parameters(),
  ],
  [
    'lowRank a of a weight [1048576, 1048576]',
    () => new Dense({ in: 2 ** 20, out: 2 ** 20, weight: lowRank({ rank: 2 ** 14 }) }).parameters(),
  ],
  ['virtualRows', () => new Dense({ in: 2 ** 17, out: 2 ** 17, weight: few }).weight.decode()],
])('%s refuses what no memory could hold before it is made', (operation, make) => {
  expect(make).toThrow(MemoryError);
  expect(make).toThrow(`${operation}: expected at most 4294967296 bytes in one array`);
});

test('pieces that are small each, and not together', () => {
  const wide = broadcastTo(tensor([1]), [2 ** 26]);
  const many = new Array(32).fill(wide);
  expect(() => concat(many, 0)).toThrow('concat: expected at most 4294967296 bytes');
  expect(() => stack(many, 0)).toThrow('concat: expected at most 4294967296 bytes');
});
