import { Dense, Embedding, Flatten, load, type Module, Sequential, type Signature } from '@funhash/layers';
import { expect, test } from 'vitest';
import { fit } from './fit.ts';
import type { FitConfig } from './fit-config.ts';
import { meanSquaredError } from './losses.ts';

const flat = (width = 4, out = 3) => new Sequential([new Flatten(), new Dense({ in: width, out })]);
const labels = [0, 1, 2, 1];
const four = <T>(value: T): T[] => Array.from({ length: 4 }, () => value);

async function trained(
  model: Module,
  data: FitConfig['data'],
  more: Partial<FitConfig> = {},
): Promise<Module> {
  for await (const _ of fit({ model, data, epochs: 1, stepsPerEpoch: 1, ...more }));
  return model;
}

const bytes = { inputs: new Uint8Array(16).fill(9), inputShape: [2, 2, 1], labels };
const described: [string, Module, FitConfig['data'], Partial<FitConfig>, Signature][] = [
  [
    'bytes are pixels',
    flat(),
    bytes,
    {},
    { input: [2, 2, 1], dtype: 'u8', scale: [0, 1], classes: ['0', '1', '2'] },
  ],
  [
    'the outputs tell the classes, where not every label occurs',
    flat(4, 5),
    { ...bytes, labels: four(1) },
    {},
    { input: [2, 2, 1], dtype: 'u8', scale: [0, 1], classes: ['0', '1', '2', '3', '4'] },
  ],
  [
    'real inputs may lie anywhere',
    flat(),
    { inputs: four([1, 2, 3, 4]), labels },
    {},
    { input: [4], dtype: 'f32', classes: ['0', '1', '2'] },
  ],
  [
    'whole numbers are words',
    new Sequential([new Embedding({ in: 7, out: 2 }), ...flat(6).layers]),
    { inputs: new Int32Array(12).fill(3), inputShape: [3], labels },
    {},
    { input: [3], dtype: 'i32', classes: ['0', '1', '2'] },
  ],
  [
    'targets have no classes',
    flat(),
    { inputs: four([1, 2, 3, 4]), targets: four([1, 2, 3]) },
    { loss: meanSquaredError },
    { input: [4], dtype: 'f32' },
  ],
  [
    'batches made elsewhere tell as well',
    flat(),
    () => [bytes],
    {},
    { input: [2, 2, 1], dtype: 'u8', scale: [0, 1], classes: ['0', '1', '2'] },
  ],
];

test.each(described)('%s; a file keeps it', async (_, model, data, more, signature) => {
  expect(model.signature).toBeUndefined();
  await trained(model, data, more);
  expect(model.signature).toEqual(signature);
  expect((await load(await model.toBytes())).signature).toEqual(signature);
});

test('what was said by hand stays', async () => {
  const model = flat();
  model.signature = { input: [2, 2], classes: ['cat', 'dog', 'cow'] };
  await trained(model, bytes, { validation: 0.5 });
  expect(model.signature).toEqual({ input: [2, 2], classes: ['cat', 'dog', 'cow'] });
});

test('a share set apart is of the same kind', async () => {
  const { signature } = await trained(flat(), bytes, { validation: 0.5 });
  expect(signature).toMatchObject({ input: [2, 2, 1], dtype: 'u8' });
});
