import type { Case } from '../case.ts';
import { hashed, netsByWays } from '../nets-by-ways.ts';
import type { TaskOf } from '../task.ts';

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
  'a predictor by plain script': 'plan',
};

export const predict: Case = {
  name: 'predict',
  title: 'Predictions by `predict`',
  about:
    'A call of `predict` after the first ones: by plans and weights that were decoded once, which is what it does by default, and ' +
    'without; and the same net as a page runs it that reads a file of `predictorFile`, by code without fused multiply-adds or by plain script.',
  libraries: ['funhash'],
  run: (request) =>
    netsByWays(request, { nets, ways, task: (net, by) => ({ kind: 'predict', ...net, by }), warmUpMs: 300 }),
};
