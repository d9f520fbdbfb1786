import type { Case } from '../case.ts';
import { hashed, netsByWays } from '../nets-by-ways.ts';
import type { TaskOf } from '../task.ts';

const nets: Readonly<Record<string, Pick<TaskOf<'fit'>, 'widths' | 'batch' | 'steps' | 'weight'>>> = {
  '20-16-4, batch 8, 100 steps': { widths: [20, 16, 4], batch: 8, steps: 100 },
  '784-1000-10, batch 20': { widths: [784, 1000, 10], batch: 20, steps: 1 },
  '784-1000-10, batch 100': { widths: [784, 1000, 10], batch: 100, steps: 1 },
  '784-1000-10, batch 100, hashedNet 1/64': { widths: [784, 1000, 10], batch: 100, steps: 1, weight: hashed },
};

const ways: Readonly<Record<string, Pick<TaskOf<'fit'>, 'plans' | 'checkGradients'>>> = {
  plans: { plans: true, checkGradients: false },
  'steps as they stand': { plans: false, checkGradients: false },
  'steps as they stand, checkGradients': { plans: false, checkGradients: true },
  'plans, checkGradients': { plans: true, checkGradients: true },
};

export const fit: Case = {
  name: 'fit',
  title: 'Training by `fit`',
  about:
    'Steps from one event of `fit` to the next, of one step or of 100: softmax cross-entropy, SGD with momentum 0.9, batches ' +
    'gathered in a shuffled order; with and without plans and checks of gradients. The base is what `fit` does by default.',
  libraries: ['funhash'],
  run: (request) =>
    netsByWays(request, { nets, ways, task: (net, way) => ({ kind: 'fit', ...net, ...way }), warmUpMs: 800 }),
};
