import { decodeModel, encodeModel, type JsonValue, ModelFileError } from '@funhash/codec';
import { ArgumentError } from '@funhash/hashing';
import { hashedNet } from '@funhash/space';
import { describe, expect, test } from 'vitest';
import { compress } from './compression/compress.ts';
import { foldBatchNorm } from './compression/fold-batch-norm.ts';
import { Sequential } from './containers/sequential.ts';
import { Dense } from './dense.ts';
import { load } from './model-file/load.ts';
import type { Module } from './module.ts';
import type { Signature } from './signature.ts';

const signature: Signature = { input: [2, 3], dtype: 'u8', scale: [0, 1], classes: ['cat', 'dog'] };

const net = (given?: Signature): Module => {
  const model = new Sequential([new Dense({ in: 6, out: 2 })]);
  model.signature = given;
  return model;
};

test('it goes through a file, and through what rewrites a model', async () => {
  const model = net(signature);
  expect((await load(await model.toBytes())).signature).toEqual(signature);
  expect(foldBatchNorm(model).signature).toEqual(signature);
  expect(model.withMembers((member) => member).signature).toEqual(signature);
  const { model: small } = await compress(model, { weight: hashedNet({ values: 4 }) });
  expect(small.signature).toEqual(signature);
});

test('a model without one has a file as before', async () => {
  const { spec } = decodeModel(await net().toBytes());
  expect(Object.keys(spec as object).sort()).toEqual(['model', 'spaces', 'ties']);
  expect((await load(await net().toBytes())).signature).toBeUndefined();
});

test('it is a copy', () => {
  const input = [6];
  const model = net({ input });
  input[0] = 7;
  expect(model.signature).toEqual({ input: [6] });
});

const wrong: [unknown, RegExp][] = [
  [null, /options as an object/],
  [[6], /options as an object/],
  [{}, /input: .*, got none/],
  [{ input: [] }, /input: the shape of one input/],
  [{ input: [0] }, /input: /],
  [{ input: [2 ** 32] }, /input: /],
  [{ input: [6], dtype: 'u16' }, /dtype: one of u8, i32, f32, got u16/],
  [{ input: [6], scale: [1, 0] }, /scale: two finite numbers/],
  [{ input: [6], scale: [0, Number.POSITIVE_INFINITY] }, /scale: /],
  [{ input: [6], classes: [1] }, /classes: a list of texts/],
  [{ input: [6], clases: ['a'] }, /unknown option clases; did you mean classes/],
];

describe('refused:', () => {
  test.each(wrong)('%j by hand', (given, message) => {
    expect(() => net(given as Signature)).toThrow(ArgumentError);
    expect(() => net(given as Signature)).toThrow(message);
  });

  test.each(wrong.filter(([given]) => !JSON.stringify(given).includes('null')))(
    '%j in a file',
    async (given) => {
      const { spec, tensors } = decodeModel(await net().toBytes());
      const file = encodeModel({ spec: { ...(spec as object), signature: given } as JsonValue, tensors });
      await expect(load(file)).rejects.toThrow(ModelFileError);
    },
  );
});
