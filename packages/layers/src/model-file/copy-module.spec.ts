import { hashedNet, knownSchemes, SharedSpace, schemes } from '@funhash/space';
import { expect, test } from 'vitest';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { BatchNorm } from '../normalization/batch-norm.ts';
import { copyModule } from './copy-module.ts';

test('a copy keeps f64, bit for bit', async () => {
  const space = new SharedSpace({ values: 8, dtype: 'f64' });
  const net = new Sequential(
    [
      new Dense({ in: 3, out: 4, weight: hashedNet({ values: 5 }) }),
      new BatchNorm({ channels: 4 }),
      new Dense({ in: 4, out: 2, weight: hashedNet({ space }) }),
    ],
    { dtype: 'f64', seed: 3 },
  );
  const copy = await copyModule(net, {
    schemes: knownSchemes(schemes),
    replace: (_, __, weight) => weight,
  });
  const valuesOf = (model: Sequential | typeof copy) =>
    [...model.namedParameters(), ...model.namedBuffers()].map(([name, { value }]) => [
      name,
      value.dtype,
      [...value.dataSync()],
    ]);
  expect(valuesOf(copy)).toEqual(valuesOf(net));
  expect(new Set(valuesOf(copy).map(([, dtype]) => dtype))).toEqual(new Set(['f64']));
});
