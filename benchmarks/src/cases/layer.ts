import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { type Entry, interleaved } from '../rounds.ts';
import { timingTable } from '../table.ts';
import type { WeightChoice } from '../task.ts';

type Options = WeightChoice['options'];

const schemes: Readonly<Record<string, readonly [scheme: string, options: Options]>> = {
  hashedNet: ['hashedNet', {}],
  'hashedNet, multiply-shift': ['hashedNet', { hash: 'multiplyShift' }],
  'robe of 8': ['robe', { block: 8 }],
  'tiles of 8': ['tiles', { side: 8 }],
  'tiles of one sign': ['tiles', { side: 8, signs: 'tile' }],
  productHash: ['productHash', {}],
  'funHash U4-G3': ['funHash', {}],
  'funHash U4-G2': ['funHash', { layers: 2 }],
  'funHash U4-G3, dual': ['funHash', { dual: true }],
};

export const layer: Case = {
  name: 'layer',
  title: 'The virtual layer',
  about:
    'A step of one layer 784 → 1000 without bias: product, dX, the gradient of its values, their update by SGD with ' +
    'momentum. Policy `tile` decodes the weight inside every product and never stores it; `step` decodes it once a step.',
  libraries: ['funhash'],
  run: ({ rounds, show }) =>
    withHosts(async (hostOf) => {
      const shape = { kind: 'layer', width: 784, out: 1000 } as const;
      for (const batch of [128, 50])
        for (const [ratio, ratioText] of [
          [1 / 64, '1/64'],
          [1 / 8, '1/8'],
        ] as const) {
          const virtual = Object.entries(schemes).flatMap(([name, [scheme, options]]) =>
            ['tile', 'step'].map(
              (policy): Entry => ({
                name: `${name}, ${policy}`,
                library: 'funhash',
                task: { ...shape, batch, weight: { scheme, options: { ...options, ratio, policy } } },
              }),
            ),
          );
          const dense: Entry = { name: 'dense', library: 'funhash', task: { ...shape, batch } };
          const outcomes = await interleaved([dense, ...virtual], hostOf, { rounds, warmUpMs: 150 });
          show(timingTable(`Batch ${batch}, ratio ${ratioText}`, outcomes, { base: 'dense' }));
        }
    }),
};
