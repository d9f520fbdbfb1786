import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { libraries } from '../libraries.ts';
import { type Entry, interleaved } from '../rounds.ts';
import { timingTable } from '../table.ts';
import type { WeightChoice } from '../task.ts';

const players = ['jax', 'tfjsWasm', 'ortWeb', 'ortNode'] as const;

const weights: Readonly<Record<string, WeightChoice>> = {
  'tiles of 8, 1/64': { scheme: 'tiles', options: { side: 8, ratio: 1 / 64 } },
  'tiles of 8, 1/512': { scheme: 'tiles', options: { side: 8, ratio: 1 / 512 } },
  'robe of 8, 1/64': { scheme: 'robe', options: { block: 8, ratio: 1 / 64 } },
  'hashedNet, 1/64': { scheme: 'hashedNet', options: { ratio: 1 / 64 } },
  'hashedNet, 1/512': { scheme: 'hashedNet', options: { ratio: 1 / 512 } },
};

export const oneRow: Case = {
  name: 'one-row',
  title: 'Predictions of one row',
  about:
    'x [1, in] · Vᵀ. A dense weight has to come from memory, a virtual one is computed from values that stay in a ' +
    'near cache: what the hash costs stands against what memory costs. The rivals’ layers are dense.',
  libraries: ['funhash', ...players],
  run: async ({ rounds, takes, show }) => {
    // The weights of one size are gone before those of the next come.
    for (const [width, out] of [
      [784, 1000],
      [2048, 2048],
      [4096, 4096],
    ] as const)
      await withHosts(async (hostOf) => {
        const shape = { kind: 'forward', width, out, batch: 1 } as const;
        const all: Entry[] = [
          { name: 'funhash, dense', library: 'funhash', task: shape },
          ...Object.entries(weights).map(
            ([name, weight]): Entry => ({
              name: `funhash, ${name}`,
              library: 'funhash',
              task: { ...shape, weight },
            }),
          ),
          ...players.map((library): Entry => ({ name: libraries[library].title, library, task: shape })),
        ];
        const entries = all.filter(({ library }) => takes(library));
        const outcomes = await interleaved(entries, hostOf, { rounds });
        show(timingTable(`${width} → ${out}`, outcomes, { base: 'funhash, dense', baseTitle: 'our dense' }));
      });
  },
};
