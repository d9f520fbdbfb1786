import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { type LibraryName, libraries } from '../libraries.ts';
import { type Entry, interleaved } from '../rounds.ts';
import { timingTable } from '../table.ts';
import type { WeightChoice } from '../task.ts';

const hashed: WeightChoice = { scheme: 'hashedNet', options: { ratio: 1 / 64 } };

export const epoch: Case = {
  name: 'epoch',
  title: 'Epochs, end to end',
  about:
    'Once through 12 000 images of MNIST with 784-1000-10, batch 50, by each library’s own loop: `fit` of ours, ' +
    '`model.fit` of tfjs-layers, a loop over a compiled step in jax-js. Shuffling and the copying of batches included.',
  libraries: ['funhash', 'funhash2', 'jax', 'tfjsWasm'],
  run: ({ rounds, takes, show }) =>
    withHosts(async (hostOf) => {
      const entry = (library: LibraryName, name: string, weight?: WeightChoice): Entry => ({
        name,
        library,
        task: { kind: 'epoch', examples: 12_000, batch: 50, ...(weight && { weight }) },
      });
      const entries = [
        entry('funhash', libraries.funhash.title),
        entry('funhash', 'funhash, hashedNet 1/64', hashed),
        entry('funhash2', libraries.funhash2.title),
        entry('jax', libraries.jax.title),
        entry('tfjsWasm', libraries.tfjsWasm.title),
      ].filter(({ library }) => takes(library));
      const outcomes = await interleaved(entries, hostOf, {
        rounds: Math.min(rounds, 4),
        warmUpMs: 0,
        turnMs: 0,
        budgetMs: 10_000,
      });
      show(timingTable('12 000 images', outcomes, { base: libraries.funhash.title }));
    }),
};
