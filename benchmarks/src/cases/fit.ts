import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { type Entry, interleaved } from '../rounds.ts';
import { timingTable } from '../table.ts';
import type { TaskOf, WeightChoice } from '../task.ts';

const hashed: WeightChoice = { scheme: 'hashedNet', options: { ratio: 1 / 64 } };

const nets: Readonly<Record<string, Pick<TaskOf<'fit'>, 'widths' | 'batch' | 'steps' | 'weight'>>> = {
  '20-16-4, batch 8, 5 000 steps': { widths: [20, 16, 4], batch: 8, steps: 5000 },
  '784-1000-10, batch 20, 20 steps': { widths: [784, 1000, 10], batch: 20, steps: 20 },
  '784-1000-10, batch 100, 10 steps': { widths: [784, 1000, 10], batch: 100, steps: 10 },
  'The same, hashedNet 1/64': { widths: [784, 1000, 10], batch: 100, steps: 10, weight: hashed },
};

const ways: Readonly<Record<string, Pick<TaskOf<'fit'>, 'plans' | 'checkGradients'>>> = {
  'steps as they stand': { plans: false },
  'steps as they stand, checkGradients': { plans: false, checkGradients: true },
  plans: { plans: true },
  'plans, checkGradients': { plans: true, checkGradients: true },
};

export const fit: Case = {
  name: 'fit',
  title: 'Training by `fit`',
  about:
    'A call of `fit` for an epoch: softmax cross-entropy, SGD with momentum 0.9, shuffling and what begins and ends a run ' +
    'included, with and without plans and checks of gradients. The base is what `fit` does by default.',
  libraries: ['funhash'],
  run: ({ rounds, show }) =>
    withHosts(async (hostOf) => {
      for (const [title, net] of Object.entries(nets)) {
        const entries = Object.entries(ways).map(
          ([name, way]): Entry => ({ name, library: 'funhash', task: { kind: 'fit', ...net, ...way } }),
        );
        const outcomes = await interleaved(entries, hostOf, { rounds, turnMs: 0 });
        show(timingTable(title, outcomes, { base: 'plans' }));
      }
    }),
};
