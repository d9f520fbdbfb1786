import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { type LibraryName, libraries } from '../libraries.ts';
import { profileTable } from '../profile.ts';
import { type Entry, interleaved } from '../rounds.ts';
import { timingTable } from '../table.ts';
import type { RecurrentCell, WeightChoice } from '../task.ts';

const shape = { width: 28, hidden: 128, steps: 28, batch: 64 } as const;
const rivals = ['jax', 'tfjsWasm', 'tfjsCpu'] as const;
const hashed = (policy: string): WeightChoice => ({
  scheme: 'hashedNet',
  options: { ratio: 1 / 16, policy },
});

export const lstm: Case = {
  name: 'lstm',
  title: 'Recurrent layers',
  about:
    'A training step of an LSTM, and of a GRU, of 128 over 28 steps of 28 numbers, batch 64, with a dense layer of 10 on its ' +
    'last state: forward, softmax cross-entropy, gradients, SGD with momentum 0.9, the loss read. `products`: the matrix ' +
    'products of such a step alone. Start weights are the same; losses of the LSTM after three steps must agree. The ' +
    'GRU of tfjs has another reset gate, of one product less.',
  libraries: ['funhash', 'funhash2', ...rivals],
  run: async ({ rounds, takes, show }) => {
    await withHosts(async (hostOf) => {
      for (const cell of ['lstm', 'gru'] as const) {
        const outcomes = await interleaved(
          entriesOf(cell).filter(({ library }) => takes(library)),
          hostOf,
          { rounds },
        );
        show(timingTable(cell.toUpperCase(), outcomes, { base: libraries.funhash.title }));
      }
    }, 120_000);
    const task = { kind: 'recurrentStep', cell: 'lstm', ...shape } as const;
    show(await profileTable('Where the step of the LSTM goes', task, 10 * rounds));
  },
};

function entriesOf(cell: RecurrentCell): Entry[] {
  const entry = (
    library: LibraryName,
    name: string,
    own: { weight?: WeightChoice; plan?: true } = {},
  ): Entry => ({
    name,
    library,
    task: { kind: 'recurrentStep', cell, ...shape, ...own },
  });
  const { funhash, funhash2 } = libraries;
  return [
    entry('funhash', funhash.title),
    { name: 'its products', library: 'funhash', task: { kind: 'recurrentProducts', cell, ...shape } },
    entry('funhash', 'funhash, by a plan', { plan: true }),
    entry('funhash', 'funhash, hashedNet 1/16, step', { weight: hashed('step') }),
    entry('funhash', 'funhash, hashedNet 1/16, tile', { weight: hashed('tile') }),
    entry('funhash2', funhash2.title),
    ...rivals.map((name) => entry(name, libraries[name].title)),
  ];
}
