import type { Case } from '../case.ts';
import { withHosts } from '../hosts.ts';
import type { LibraryName } from '../libraries.ts';
import type { Row } from '../table.ts';
import type { WeightChoice } from '../task.ts';

const size = 8192;
const weight: WeightChoice = { scheme: 'hashedNet', options: { ratio: 1 / 64 } };
/** tfjs's own gradient of gather does not end in minutes, and is absent on wasm. */
const counted: WeightChoice = { ...weight, options: { ...weight.options, gradient: 'bincount' } };
const mebibyte = 2 ** 20;

const entries: readonly { name: string; library: LibraryName; weight?: WeightChoice }[] = [
  { name: 'funhash, hashedNet 1/64', library: 'funhash', weight },
  { name: 'funhash, dense', library: 'funhash' },
  { name: 'tfjs wasm: gather, own gradient by bincount', library: 'tfjsWasm', weight: counted },
  { name: 'tfjs cpu: gather, own gradient by bincount', library: 'tfjsCpu', weight: counted },
  { name: 'jax-js wasm, dense', library: 'jax' },
];

export const memory: Case = {
  name: 'memory',
  title: 'Peak memory',
  about:
    `A training step of one layer ${size} → ${size} at batch 2, each in a fresh process. The dense weight is ` +
    `${(size * size * 4) / mebibyte} MiB, its momentum and its gradient as much again. By the library: the peak that our backend ` +
    'counts, or the peak of `tf.profile`. Resident: the most that the process had at once, start values and data of ' +
    'the test included, less what it had before.',
  libraries: ['funhash', 'tfjsWasm', 'tfjsCpu', 'jax'],
  async run({ takes, show }) {
    const rows: Row[] = [];
    for (const { name, library, weight: choice } of entries.filter((entry) => takes(entry.library)))
      rows.push({ name, library, ...(await measured(library, choice)) });
    show({
      title: `${size} → ${size}, batch 2`,
      columns: [
        { key: 'name', title: '' },
        { key: 'ownMiB', title: 'by the library, MiB' },
        { key: 'residentMiB', title: 'resident, MiB' },
      ],
      rows,
    });
  },
};

function measured(library: LibraryName, weight?: WeightChoice): Promise<Row> {
  return withHosts(async (hostOf) => {
    const host = hostOf(library);
    try {
      const before = await host.memory();
      await host.prepare('layer', {
        kind: 'layer',
        width: size,
        out: size,
        batch: 2,
        ...(weight && { weight }),
      });
      const { own, peakResidentBytes } = await host.memory();
      const ownBytes = own.peakBytes;
      return {
        ...(ownBytes !== undefined && { ownMiB: ownBytes / mebibyte }),
        residentMiB: (peakResidentBytes - before.residentBytes) / mebibyte,
      };
    } catch (error) {
      return { error: (error as Error).message };
    }
  }, 120_000);
}
