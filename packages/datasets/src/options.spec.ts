import { OptionError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import {
  augment,
  batches,
  fromIdx,
  loadCifar10,
  loadFashionMnist,
  loadMnist,
  parseIdx,
  shapes,
  toFloats,
} from './index.ts';

const split = { count: 1, inputs: new Uint8Array(4), labels: new Uint8Array(1) };
const image = { height: 2, width: 2, channels: 1 };

// What is misspelt in JavaScript.
test.each<[string, string, (options: never) => unknown]>([
  ['batchsize', 'batchSize', (options) => batches(split, options)],
  ['rotations', 'rotation', (augment) => batches(split, { batchSize: 1, imageSize: image, augment })],
  ['flips', 'flip', (options) => augment(split.inputs, { ...image, indices: [0], ...(options as object) })],
  ['means', 'mean', (options) => toFloats(split.inputs, options)],
  ['sources', 'source', (options) => parseIdx(split.inputs, options)],
  ['classs', 'classes', (options) => fromIdx({} as never, options)],
  ['verfy', 'verify', (options) => loadMnist(options)],
  ['dirs', 'dir', (options) => loadFashionMnist(options)],
  ['testCounts', 'testCount', (options) => loadCifar10(options)],
  ['background', 'backgrounds', (options) => shapes('rect-img', options)],
])('the unknown option %s is refused with the nearest name, %s', async (name, nearest, call) => {
  const refused = (async () => call({ [name]: 1 } as never))();
  await expect(refused).rejects.toThrow(OptionError);
  await expect(refused).rejects.toThrow(`unknown option ${name}; did you mean ${nearest}?`);
});
