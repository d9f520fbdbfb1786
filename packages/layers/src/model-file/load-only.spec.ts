import { dense, hashedNet, tiles } from '@funhash/space';
import { tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { load } from './load.ts';
import { loadOnly } from './load-only.ts';

const netFile = (): Promise<Uint8Array> =>
  new Sequential([
    new Dense({ in: 5, out: 4, weight: hashedNet({ ratio: 1 / 2 }) }),
    new Dense({ in: 4, out: 3 }),
  ]).toBytes({ compress: true });
const layers = { Dense, Sequential };
const schemes = { dense, hashedNet };

test('the model is that of load', async () => {
  const file = await netFile();
  const x = tensor([[1, 2, 3, 4, 5]]);
  const [some, all] = [
    await loadOnly(file, { layers, schemes, policy: 'frozen' }),
    await load(file, { policy: 'frozen' }),
  ];
  expect(some.spec).toEqual(all.spec);
  expect(some.forward(x).toArray()).toEqual(all.forward(x).toArray());
});

test('other layers and schemes are refused, with those that there are', async () => {
  const file = await netFile();
  await expect(loadOnly(file, { layers: { Dense }, schemes })).rejects.toThrow(/a type among dense in/);
  await expect(loadOnly(file, { layers, schemes: { dense, tiles } })).rejects.toThrow(
    /a known scheme: dense, tiles .*got "hashedNet"/,
  );
});
