import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { type LibraryName, libraries } from '../libraries.ts';
import { profileTable } from '../profile.ts';
import { loopEntry, tableBesideLoop } from '../register-loop.ts';
import { type Entry, interleaved } from '../rounds.ts';
import type { Task, WeightChoice } from '../task.ts';

const batch = 64;
// Of an image, by layer.
const ofImages = 28 * 28 * 25 * 6;
const multiplications = ofImages + 10 * 10 * 150 * 16 + 400 * 120 + 120 * 84 + 84 * 10;
const hashed: WeightChoice = { scheme: 'hashedNet', options: { ratio: 1 / 16 } };

const virtual: Readonly<Record<string, Readonly<Record<string, WeightChoice>>>> = {
  'kernels hashedNet 1/16': { stem: hashed, conv: hashed },
  'all hashedNet 1/16': { stem: hashed, conv: hashed, fc: hashed },
};

const ours = ['funhash', 'funhash2'] as const;
const trainers = ['jax', 'tfjsWasm', 'tfjsCpu'] as const;
const predictors = ['tfjsWasm', 'ortWeb', 'ortWeb2', 'ortNode', 'jax', 'tfjsCpu'] as const;

function entriesOf(kind: 'leNetStep' | 'leNetForward', rivals: readonly LibraryName[]): Entry[] {
  const entry = (library: LibraryName, name: string, task: Task): Entry => ({ name, library, task });
  return [
    ...ours.map((library) => entry(library, libraries[library].title, { kind, batch })),
    ...ours.flatMap((library) =>
      Object.entries(virtual).map(([name, weights]) =>
        entry(library, `${libraries[library].title}, ${name}`, { kind, batch, weights }),
      ),
    ),
    ...ours.map((library) =>
      entry(
        library,
        `${libraries[library].title}, ${kind === 'leNetStep' ? 'by a plan' : 'predict'}`,
        kind === 'leNetStep' ? { kind, batch, plan: true } : { kind, batch, by: 'predict' },
      ),
    ),
    ...rivals.map((library) => entry(library, libraries[library].title, { kind, batch })),
    loopEntry,
  ];
}

export const leNet: Case = {
  name: 'lenet',
  title: 'LeNet-5',
  about:
    'Convolutions of 6 and 16 kernels 5 × 5, ReLU, max pooling of 2, dense layers of 120, 84 and 10, on images of 28 × 28 ' +
    'padded by 2, batch 64. The step: forward, softmax cross-entropy, gradients, SGD with momentum 0.9, the loss read. ' +
    'Prediction: the logits, read. `by a plan`, `predict`: as `fit` takes a step, and as `predict` answers, both by plans. Start weights are the same, in each library’s order of axes: losses after three ' +
    'steps, and logits, must agree. Where the step goes: each kernel call timed.',
  remarks: [
    'Limits that were found: to pack the windows took half of the time of convolutions with few kernels. Two ways to read them as they lie were tried: loops over the runs of a window, which ran at 25 to 29 GFLOP/s, for V8 of Node 20 spills sums within nested loops; and one loop with a table of offsets, which runs at about 40 and is what is used. Gradients of few kernels are formed likewise. The gradient by the images of the second convolution still multiplies the zeros around them, which is half of its work.',
  ],
  libraries: [...ours, ...trainers, 'ortWeb', 'ortNode'],
  run: async ({ rounds, takes, show }) => {
    await withHosts(async (hostOf) => {
      const timed = (kind: 'leNetStep' | 'leNetForward', rivals: readonly LibraryName[]) =>
        interleaved(
          entriesOf(kind, rivals).filter(({ library }) => takes(library)),
          hostOf,
          { rounds },
        );
      const base = libraries.funhash.title;
      const flops = 2 * batch * multiplications;
      show(tableBesideLoop('Prediction, batch 64', await timed('leNetForward', predictors), { base, flops }));
      // The gradients of all operands but that of the images.
      const stepFlops = 3 * flops - 2 * batch * ofImages;
      show(
        tableBesideLoop('Training step, batch 64', await timed('leNetStep', trainers), {
          base,
          flops: stepFlops,
        }),
      );
    }, 120_000);
    show(await profileTable('Where the step goes', { kind: 'leNetStep', batch }, 10 * rounds));
  },
};
