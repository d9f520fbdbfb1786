import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { isRival, type LibraryName, libraries } from '../libraries.ts';
import { profileTable } from '../profile.ts';
import { loopEntry, loopSpeed, withoutLoop } from '../register-loop.ts';
import { type Entry, interleaved, isTiming, type Outcome } from '../rounds.ts';
import { numberText, timingTable } from '../table.ts';
import type { RecurrentCell, WeightChoice } from '../task.ts';

const shape = { width: 28, hidden: 128, steps: 28, batch: 64 } as const;
const plannedName = 'funhash, by a plan';
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
    'GRU of tfjs has another reset gate, of one product less. Ways to less time that were tried: the gradient of the state’s ' +
    'matrix as one product over all steps, which layers do since; the step by a plan, as `fit` has it; a second thread. The last two are in the tables.',
  libraries: ['funhash', 'funhash2', ...rivals],
  run: async ({ rounds, takes, show }) => {
    await withHosts(async (hostOf) => {
      for (const cell of ['lstm', 'gru'] as const) {
        const outcomes = await interleaved(
          entriesOf(cell).filter(({ library }) => takes(library)),
          hostOf,
          { rounds },
        );
        const notes = boundOf(cell, outcomes);
        show(
          timingTable(cell.toUpperCase(), withoutLoop(outcomes), { base: libraries.funhash.title, notes }),
        );
      }
    }, 120_000);
    const task = { kind: 'recurrentStep', cell: 'lstm', ...shape } as const;
    show(await profileTable('Where the step of the LSTM goes', task, 10 * rounds));
  },
};

/** What the products would take at the speed of their register loop, beside an eighth of the best rival. */
function boundOf(cell: RecurrentCell, outcomes: readonly Outcome[]): string[] {
  const timings = outcomes.filter(isTiming);
  const peak = loopSpeed(outcomes);
  const others = timings.filter(({ library }) => isRival(library)).map(({ leastMs }) => leastMs);
  if (peak === undefined || others.length === 0) return [];
  const { width, hidden, steps, batch } = shape;
  const rows = (cell === 'lstm' ? 4 : 3) * hidden;
  // Forwards x and h, backwards the state, and the gradients of both matrices.
  const flops = 2 * batch * steps * rows * (2 * width + 3 * hidden);
  const best = others.reduce((least, ms) => Math.min(least, ms));
  const planned = timings.find(({ name }) => name === plannedName)?.leastMs ?? Number.NaN;
  const text = (value: number) => numberText(value);
  return [
    `The products are ${text(flops / 1e6)} million operations. On one thread the register loop of a product does ${text(peak)} ` +
      `GFLOP/s on data in L1: at that speed they alone would take ${text(flops / peak / 1e6)} ms. An eighth of the best other ` +
      `library is ${text(best / 8)} ms; the step by a plan is ${text(best / planned)} times as fast as that library.`,
  ];
}

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
    entry('funhash', plannedName, { plan: true }),
    entry('funhash', 'funhash, hashedNet 1/16, step', { weight: hashed('step') }),
    entry('funhash', 'funhash, hashedNet 1/16, tile', { weight: hashed('tile') }),
    entry('funhash2', funhash2.title),
    ...rivals.map((name) => entry(name, libraries[name].title)),
    loopEntry,
  ];
}
