import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { type LibraryName, libraries } from '../libraries.ts';
import { hashed } from '../nets-by-ways.ts';
import { loopEntry, tableBesideLoop } from '../register-loop.ts';
import { type Entry, interleaved } from '../rounds.ts';
import { timingTable } from '../table.ts';
import type { WeightChoice } from '../task.ts';

const dense = (batch: number) => ({ kind: 'step', widths: [784, 1000, 10], batch }) as const;
const rivals = ['jax', 'tfjsWasm', 'tfjsCpu', 'brain'] as const;

export const steps: Case = {
  name: 'steps',
  title: 'Training steps',
  about:
    'A step of the dense net 784-1000-10: forward, softmax cross-entropy, gradients, SGD with momentum 0.9, the loss ' +
    'read. Rivals as their users write it: `jit` of the whole step in jax-js, `trainOnBatch` of tfjs-layers, `train` ' +
    'of brain.js, which goes example by example. `by a plan`: as `fit` takes a step. All but brain.js start from the same weights and must give the same ' +
    'loss after three steps.',
  libraries: ['funhash', 'funhash2', ...rivals, 'ortNode'],
  run: ({ rounds, takes, show }) =>
    withHosts(async (hostOf) => {
      for (const batch of [50, 128]) {
        const entry = (library: LibraryName, name: string, weight?: WeightChoice): Entry => ({
          name,
          library,
          task: { ...dense(batch), ...(weight && { weight }) },
        });
        const entries = [
          entry('funhash', libraries.funhash.title),
          { ...entry('funhash', 'funhash, by a plan'), task: { ...dense(batch), plan: true } },
          entry('funhash', 'funhash, hashedNet 1/64', hashed),
          {
            ...entry('funhash', 'funhash, hashedNet 1/64, by a plan'),
            task: { ...dense(batch), weight: hashed, plan: true },
          },
          entry('funhash2', libraries.funhash2.title),
          { ...entry('funhash2', 'funhash, 2 threads, by a plan'), task: { ...dense(batch), plan: true } },
          entry('funhash2', 'funhash, hashedNet 1/64, 2 threads', hashed),
          ...rivals.map((name) => entry(name, libraries[name].title)),
          entry('ortNode', 'onnxruntime-node: TrainingSession'),
          loopEntry,
        ].filter(({ library }) => takes(library));
        const outcomes = await interleaved(entries, hostOf, { rounds });
        const flops = 2 * batch * (2 * 784 * 1000 + 3 * 1000 * 10);
        show(
          tableBesideLoop(`784-1000-10, batch ${batch}`, outcomes, { base: libraries.funhash.title, flops }),
        );
      }
    }),
};

export const small: Case = {
  name: 'small',
  title: 'Small nets',
  about:
    'The same step of the net 20-16-4 at batch 8: next to no arithmetic, so what is left is the cost of calls.',
  libraries: ['funhash', ...rivals],
  run: ({ rounds, takes, show }) =>
    withHosts(async (hostOf) => {
      const task = { kind: 'step', widths: [20, 16, 4], batch: 8 } as const;
      const entries: Entry[] = (['funhash', ...rivals] as const)
        .filter(takes)
        .map((library) => ({ name: libraries[library].title, library, task }));
      if (takes('funhash'))
        entries.splice(1, 0, {
          name: 'funhash, by a plan',
          library: 'funhash',
          task: { ...task, plan: true },
        });
      const outcomes = await interleaved(entries, hostOf, { rounds, warmUpMs: 800 });
      show(timingTable('20-16-4, batch 8', outcomes, { base: libraries.funhash.title }));
    }),
};
