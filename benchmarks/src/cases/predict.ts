import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { type Entry, interleaved } from '../rounds.ts';
import { timingTable } from '../table.ts';
import type { TaskOf, WeightChoice } from '../task.ts';

const hashed: WeightChoice = { scheme: 'hashedNet', options: { ratio: 1 / 64 } };

const nets: Readonly<Record<string, Pick<TaskOf<'predict'>, 'widths' | 'batch' | 'weight'>>> = {
  '20-16-4, one row': { widths: [20, 16, 4], batch: 1 },
  '784-1000-10, one row': { widths: [784, 1000, 10], batch: 1 },
  '784-1000-10, one row, hashedNet 1/64': { widths: [784, 1000, 10], batch: 1, weight: hashed },
  '784-1000-10, batch 50, hashedNet 1/64': { widths: [784, 1000, 10], batch: 50, weight: hashed },
};

const ways: Readonly<Record<string, TaskOf<'predict'>['by']>> = {
  predict: 'plans',
  'predict without plans': 'layers',
  'predict without plans, weights decoded at every use': 'layers, tile',
  'a compiled predictor': 'code',
};

export const predict: Case = {
  name: 'predict',
  title: 'Predictions by `predict`',
  about:
    'A call of `predict` after the first ones: by plans and weights that were decoded once, which is what it does by default, and ' +
    'without; and the same net as a page runs it that reads a file of `predictorFile`, without fused multiply-adds.',
  libraries: ['funhash'],
  run: ({ rounds, show }) =>
    withHosts(async (hostOf) => {
      for (const [title, net] of Object.entries(nets)) {
        const entries = Object.entries(ways).map(
          ([name, by]): Entry => ({ name, library: 'funhash', task: { kind: 'predict', ...net, by } }),
        );
        const outcomes = await interleaved(entries, hostOf, { rounds, warmUpMs: 300 });
        show(timingTable(title, outcomes, { base: 'predict' }));
      }
    }),
};
