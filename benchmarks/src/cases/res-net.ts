import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { libraries } from '../libraries.ts';
import { profileTable } from '../profile.ts';
import { loopEntry, loopSpeed, tableBesideLoop } from '../register-loop.ts';
import { type Entry, interleaved, isTiming, type Outcome } from '../rounds.ts';
import { numberText, type Table } from '../table.ts';
import type { WeightChoice } from '../task.ts';

const batch = 64;
// Of an image: the stem, then three groups of six convolutions, of which the first of two groups reads half as many channels.
const stem = 32 * 32 * 27 * 16;
const group = (side: number, channels: number, first: number): number =>
  side * side * 9 * channels * (first + 5 * channels);
const multiplications = stem + group(32, 16, 16) + group(16, 32, 16) + group(8, 64, 32) + 64 * 10;
const hashed: WeightChoice = { scheme: 'hashedNet', options: { ratio: 1 / 16 } };

const ours = ['funhash', 'funhash2'] as const;

function entriesOf(kind: 'resNetFit' | 'resNetForward'): Entry[] {
  const entry = (library: (typeof ours)[number]): Entry => ({
    name: libraries[library].title,
    library,
    task: { kind, batch },
  });
  const virtual = ours.map((library) => ({
    name: `${libraries[library].title}, hashedNet 1/16`,
    library,
    task: { kind, batch, weight: hashed },
  }));
  return [...ours.map(entry), ...virtual, loopEntry];
}

/** The table with the share of the loop's speed that the products of a whole call have, on one thread. */
function withShare(title: string, outcomes: readonly Outcome[], flops: number): Table {
  const table = tableBesideLoop(title, outcomes, { base: libraries.funhash.title, flops });
  const [speed, own] = [loopSpeed(outcomes), outcomes.find(({ name }) => name === libraries.funhash.title)];
  if (speed === undefined || !own || !isTiming(own)) return table;
  const share = (100 * flops) / own.leastMs / 1e6 / speed;
  const note = `All of it, on one thread, is at ${numberText(share)} % of the loop.`;
  return { ...table, notes: [...(table.notes ?? []), note] };
}

export const resNet20: Case = {
  name: 'resnet',
  title: 'ResNet-20',
  about:
    'ResNet-20 on images of 32 × 32 × 3, batch 64. Training: a step of `fit` with SGD and momentum 0.9, its batch taken from ' +
    'a data set in memory. Prediction: a call of `predict`. Where the step goes: each kernel call timed.',
  libraries: [...ours],
  run: async ({ rounds, takes, show }) => {
    await withHosts(async (hostOf) => {
      const timed = (kind: 'resNetFit' | 'resNetForward') =>
        interleaved(
          entriesOf(kind).filter(({ library }) => takes(library)),
          hostOf,
          { rounds, budgetMs: 60_000 },
        );
      const flops = 2 * batch * multiplications;
      show(withShare('Prediction, batch 64', await timed('resNetForward'), flops));
      // The gradients of all operands but that of the images.
      const ofStep = 3 * flops - 2 * batch * stem;
      show(withShare('Training step, batch 64', await timed('resNetFit'), ofStep));
    }, 120_000);
    show(await profileTable('Where the step goes', { kind: 'resNetFit', batch }, rounds));
  },
};
