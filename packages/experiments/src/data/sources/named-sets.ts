import { type Dataset, type DatasetSource, datasets, optionsFor } from '@funhash/datasets';
import { SpecError } from '../../errors.ts';
import type { DataSource } from '../data-source.ts';
import { validationCount } from '../split-counts.ts';

type Source = DatasetSource<DatasetSource['options'], Dataset>;

const own = ['dir', 'words', 'length', 'target', 'horizon'] as const;

/** Data sets by their names. */
export const namedSets: DataSource = {
  expected: `one of ${Object.keys(datasets).join(', ')}`,
  takes: ['backgrounds', ...own],
  has: ({ name }) => Object.hasOwn(datasets, name),
  load: (spec) => {
    const { name, seed, backgrounds, trainCount, testCount, validation } = spec;
    const source = datasets[name as keyof typeof datasets] as DatasetSource as Source;
    const strange = own.filter((field) => spec[field] !== undefined && !Object.hasOwn(source.options, field));
    if (strange.length > 0) {
      const known = own.filter((field) => Object.hasOwn(source.options, field));
      throw new SpecError({
        operation: 'data',
        expected: `with ${name} ${known.length === 0 ? 'none of these fields' : `only ${known.join(', ')}`}`,
        actual: strange.join(', '),
      });
    }
    // Collections are loaded whole and drawn from by seed: their first images would be no fair sample.
    const wanted =
      trainCount !== undefined && source.isDrawn
        ? trainCount + validationCount(trainCount, validation)
        : undefined;
    const fields = Object.fromEntries(own.map((field) => [field, spec[field]]));
    const given = { seed, backgroundsDir: backgrounds, ...fields, trainCount: wanted, testCount };
    return source(optionsFor(source.options, given));
  },
};
