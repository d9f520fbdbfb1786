import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import { type Entry, interleaved } from '../rounds.ts';
import { type Row, timingTable } from '../table.ts';
import type { TaskOf, WeightChoice } from '../task.ts';

const square: readonly WeightChoice[] = [
  [4, 4, 4, 4, 4],
  [4, 8, 8, 4],
  [32, 32],
].map((modes) => ({ scheme: 'tensorTrain', options: { inModes: modes, outModes: modes, ranks: 8 } }));

const vgg = { width: 25_088, out: 4096 } as const;
const vggTrains: readonly WeightChoice[] = [2, 4].map((ranks) => ({
  scheme: 'tensorTrain',
  options: { inModes: [2, 7, 8, 8, 7, 4], outModes: [4, 4, 4, 4, 4, 4], ranks },
}));

const nameOf = ({ options }: WeightChoice): string =>
  `train of ${(options.inModes as readonly number[]).join('×')}, ranks ${options.ranks}`;

const mebibyte = 2 ** 20;

export const tensorTrainCase: Case = {
  name: 'tensor-train',
  title: 'Tensor trains',
  about:
    'A step of one layer without bias: product, dX, the gradient of its values, their update by SGD with momentum; ' +
    'and the product alone. 25 088 → 4096 is the first dense layer of VGG: as a matrix 392 MiB, and its gradient and ' +
    'momentum as much again. Memory is the peak that the backend counts, each in a process of its own.',
  libraries: ['funhash'],
  async run({ rounds, show }) {
    const shape = { kind: 'layer', width: 1024, out: 1024, batch: 128 } as const;
    const entriesOf = (
      task: TaskOf<'layer'> | TaskOf<'forward'>,
      weights: readonly WeightChoice[],
    ): Entry[] => [
      { name: 'dense', library: 'funhash', task },
      ...weights.map(
        (weight): Entry => ({ name: nameOf(weight), library: 'funhash', task: { ...task, weight } }),
      ),
    ];
    await withHosts(async (hostOf) => {
      for (const kind of ['layer', 'forward'] as const) {
        const outcomes = await interleaved(entriesOf({ ...shape, kind }, square), hostOf, { rounds });
        const title = `1024 → 1024, batch 128, ${kind === 'layer' ? 'a step' : 'the product'}`;
        show(timingTable(title, outcomes, { base: 'dense' }));
      }
    });
    // A process for each: the dense layer is gone before the next is made.
    for (const kind of ['forward', 'layer'] as const)
      for (const batch of [1, 100])
        await withHosts(async (hostOf) => {
          const entries = entriesOf({ kind, ...vgg, batch }, vggTrains);
          const outcomes = await interleaved(entries, hostOf, { rounds, warmUpMs: 0 });
          const title = `25 088 → 4096, batch ${batch}, ${kind === 'layer' ? 'a step' : 'the product'}`;
          show(timingTable(title, outcomes, { base: 'dense' }));
        });
    const dense = { kind: 'layer', ...vgg } as const;
    const tasks: readonly (readonly [name: string, task: Entry['task']])[] = [
      ['dense, product of one row', { ...dense, kind: 'forward', batch: 1 }],
      ...[1, 100].flatMap((batch) => [
        [`dense, step at batch ${batch}`, { ...dense, batch }] as const,
        ...vggTrains.map(
          (weight) => [`${nameOf(weight)}, step at batch ${batch}`, { ...dense, batch, weight }] as const,
        ),
      ]),
    ];
    const rows: Row[] = [];
    for (const [name, task] of tasks) rows.push({ name, ...(await peakOf(task)) });
    show({
      title: '25 088 → 4096, peak memory',
      columns: [
        { key: 'name', title: '' },
        { key: 'ownMiB', title: 'by the backend, MiB' },
      ],
      rows,
    });
  },
};

function peakOf(task: Entry['task']): Promise<Row> {
  return withHosts(async (hostOf) => {
    const host = hostOf('funhash');
    await host.prepare('peak', task);
    const { own } = await host.memory();
    return { ownMiB: (own.peakBytes as number) / mebibyte };
  }, 120_000);
}
