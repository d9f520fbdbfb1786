import { ArgumentError, OptionError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import {
  decodeModel,
  decodeSafetensors,
  encodeModel,
  encodeSafetensors,
  inflateBytes,
  readBytes,
} from './index.ts';

const model = encodeModel({ spec: 1, tensors: {} });
const plain = encodeSafetensors({});

// What is misspelt in JavaScript.
test.each<[string, string, (options: never) => unknown]>([
  ['sorce', 'source', (options) => decodeModel(model, options)],
  ['format', 'formats', (options) => decodeModel(model, options)],
  ['sorce', 'source', (options) => decodeSafetensors(plain, options)],
  ['maxbytes', 'maxBytes', (options) => inflateBytes(model, options)],
  ['sourc', 'source', (options) => inflateBytes(model, options)],
  ['maxByte', 'maxBytes', (options) => readBytes(model, options)],
  ['signals', 'signal', (options) => readBytes(model, options)],
  ['storAs', 'storeAs', (options) => encodeModel({ spec: 1, tensors: {}, ...(options as object) })],
])('the unknown option %s is refused with the nearest name, %s', async (name, nearest, call) => {
  const refused = (async () => call({ [name]: 1 } as never))();
  await expect(refused).rejects.toThrow(OptionError);
  await expect(refused).rejects.toThrow(`unknown option ${name}; did you mean ${nearest}?`);
});

test.each<[object, (options: never) => unknown]>([
  [{ source: 1 }, (options) => decodeModel(model, options)],
  [{ maxBytes: -1 }, (options) => readBytes(model, options)],
  [{ maxBytes: '1 GiB' }, (options) => inflateBytes(model, options)],
  [{ signal: {} }, (options) => readBytes(model, options)],
])('%j is refused', async (options, call) => {
  await expect((async () => call(options as never))()).rejects.toThrow(ArgumentError);
});

test('a limit may be infinite', async () => {
  expect(await readBytes(model, { maxBytes: Number.POSITIVE_INFINITY })).toEqual(model);
});
