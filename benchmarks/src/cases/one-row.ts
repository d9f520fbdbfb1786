import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { libraries } from '../libraries.ts';
import { type Entry, interleaved, isTiming, type Outcome, type Timing } from '../rounds.ts';
import { numberText, timingTable } from '../table.ts';
import type { WeightChoice } from '../task.ts';

const players = ['jax', 'tfjsWasm', 'ortWeb', 'ortNode'] as const;

const weights: Readonly<Record<string, WeightChoice>> = {
  'tiles of one sign, 1/64': { scheme: 'tiles', options: { side: 8, signs: 'tile', ratio: 1 / 64 } },
  'tiles of one sign, 1/512': { scheme: 'tiles', options: { side: 8, signs: 'tile', ratio: 1 / 512 } },
  'tiles, 1/64': { scheme: 'tiles', options: { side: 8, ratio: 1 / 64 } },
  'robe of 8, 1/64': { scheme: 'robe', options: { block: 8, ratio: 1 / 64 } },
  'hashedNet, 1/64': { scheme: 'hashedNet', options: { ratio: 1 / 64 } },
  'hashedNet, 1/512': { scheme: 'hashedNet', options: { ratio: 1 / 512 } },
};

interface Size {
  readonly width: number;
  readonly out: number;
  /** One call a turn, after those of all others, instead of a loop. */
  readonly isAlone?: boolean;
}

const sizes: readonly Size[] = [
  { width: 784, out: 1000 },
  { width: 784, out: 1000, isAlone: true },
  { width: 2048, out: 2048 },
  { width: 4096, out: 4096 },
];

const readName = 'reading';

function bandwidthNote(bytes: number, outcomes: readonly Outcome[]): string[] {
  const timings = outcomes.filter(isTiming);
  const [read, ours] = [readName, 'funhash, dense'].map((title) =>
    timings.find(({ name }) => name === title),
  );
  if (!read || !ours) return [];
  const speed = ({ leastMs }: Timing): string => numberText(bytes / leastMs / 1e6);
  return [
    `Eight streams that add up as many bytes as the weight has read ${speed(read)} GB/s; our dense product reads ${speed(ours)}, ` +
      `which is ${numberText((100 * read.leastMs) / ours.leastMs)} %.`,
  ];
}

export const oneRow: Case = {
  name: 'one-row',
  title: 'Predictions of one row',
  about:
    'x [1, in] · Vᵀ. A dense weight has to come from memory, a virtual one is computed from values that stay in a ' +
    'near cache: what the hash costs stands against what memory costs. Called in a loop, a dense weight of 3 MB stays ' +
    'in the last cache; called once after all the others, it is read from memory. The rivals’ layers are dense. ' +
    '`predict`: a call of it as it is by default, which decodes a weight of up to 64 MiB once.',
  libraries: ['funhash', ...players],
  run: async ({ rounds, takes, show }) => {
    for (const { width, out, isAlone = false } of sizes) {
      const shape = { kind: 'forward', width, out, batch: 1 } as const;
      const all: Entry[] = [
        { name: 'funhash, dense', library: 'funhash', task: shape },
        ...Object.entries(weights).map(
          ([name, weight]): Entry => ({
            name: `funhash, ${name}`,
            library: 'funhash',
            task: { ...shape, weight },
          }),
        ),
        { name: 'funhash, dense, predict', library: 'funhash', task: { ...shape, by: 'predict' } },
        {
          name: 'funhash, hashedNet, 1/64, predict',
          library: 'funhash',
          task: { ...shape, by: 'predict', weight: weights['hashedNet, 1/64'] as WeightChoice },
        },
        ...players.map((library): Entry => ({ name: libraries[library].title, library, task: shape })),
        { name: readName, library: 'funhash', task: { kind: 'read', bytes: 4 * width * out } },
      ];
      const entries = all.filter(({ library }) => takes(library));
      // The weights of one size are gone before those of the next come.
      const outcomes = await withHosts((hostOf) =>
        interleaved(entries, hostOf, isAlone ? { rounds: 10 * rounds, turnMs: 0 } : { rounds }),
      );
      const title = `${width} → ${out}${isAlone ? ', one call at a time' : ''}`;
      const timed = outcomes.filter(({ name }) => name !== readName);
      const notes = bandwidthNote(4 * width * out, outcomes);
      show(timingTable(title, timed, { notes, base: 'funhash, dense', baseTitle: 'our dense' }));
    }
  },
};
