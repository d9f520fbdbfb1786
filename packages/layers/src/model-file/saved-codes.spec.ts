import { random } from '@funhash/hashing';
import { binary, hashedNet, lsq, ternary, type WeightRequest } from '@funhash/space';
import { tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Dense } from '../dense.ts';
import { load } from './load.ts';

const draw = random(3);
const inputs = Float32Array.from({ length: 4 * 40 }, () => draw.normal());

const outputs = async (layer: { forward(x: never): { data(): Promise<ArrayLike<number>> } }) =>
  Array.from(await layer.forward(tensor(inputs, [4, 40]) as never).data());

const quantized: readonly (readonly [string, WeightRequest])[] = [
  ['2 bits', lsq({ bits: 2 })],
  ['4 bits', lsq({ bits: 4 })],
  ['8 bits', lsq({ bits: 8 })],
  ['ternary', ternary()],
];

describe.each(quantized)('weights of %s', (_, weight) => {
  test.each(['f32', 'i4', 'coded'] as const)(
    'saved as %s are the same from the file, again and again',
    async (storeAs) => {
      const layer = new Dense({ in: 40, out: 64, bias: false, weight, seed: 1 });
      const bytes = await layer.toBytes({ storeAs });
      const loaded = await load(bytes);
      expect(await outputs(loaded)).toEqual(await outputs(layer));
      expect(await loaded.toBytes({ storeAs: 'f32' })).toEqual(await layer.toBytes({ storeAs: 'f32' }));
      expect(await loaded.toBytes({ storeAs })).toEqual(bytes);
    },
  );

  test('keep their latent values on demand', async () => {
    const layer = new Dense({ in: 40, out: 64, bias: false, weight, seed: 1 });
    const loaded = await load(await layer.toBytes({ latent: true }));
    for (const [name, { value }] of layer.namedParameters())
      expect(await loaded.namedParameters().get(name)?.value.data()).toEqual(await value.data());
  });
});

test('a layer of 2 560 weights of 4 bits takes fewer bytes than packed codes', async () => {
  const layer = new Dense({ in: 40, out: 64, bias: false, weight: lsq({ bits: 4 }), seed: 1 });
  const [codes, latent] = [await layer.toBytes(), await layer.toBytes({ latent: true })];
  expect(latent.length - codes.length).toBeGreaterThan(2560 * 4 - (2560 * 4) / 8 - 200);
});

test.each([
  ['hashed latent values', lsq({ bits: 4 }, hashedNet({ ratio: 1 / 4 }))],
  ['signs', binary()],
])('%s are saved as they are', async (_, weight) => {
  const layer = new Dense({ in: 40, out: 64, bias: false, weight, seed: 1 });
  const loaded = await load(await layer.toBytes());
  for (const [name, { value }] of layer.namedParameters())
    expect(await loaded.namedParameters().get(name)?.value.data()).toEqual(await value.data());
});
