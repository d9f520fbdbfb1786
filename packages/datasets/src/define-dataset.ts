import { checkArgument, checkOptions, type OptionRules, type OptionsOf, option } from '@funhash/hashing';
import type { Dataset } from './dataset.ts';

/** What a data set states of itself, once: types, refusals, help and commands follow. */
export interface DatasetStatement<R extends OptionRules, D extends Dataset> {
  /** The name in the record of data sets. */
  readonly name: string;
  /** The options, by rules; others are refused. */
  readonly options: R;
  /** Whether a seed draws the samples: then the first ones are as good as any. False for collections of real data. */
  readonly isDrawn: boolean;
  /** Whether the samples are images. */
  readonly holdsImages: boolean;
  load(options: OptionsOf<R>): Promise<D>;
}

/** A data set: call it to load its samples. Options are plain JSON, so that a run's configuration can be saved. */
export interface DatasetSource<R extends OptionRules = OptionRules, D extends Dataset = Dataset>
  extends Omit<DatasetStatement<R, D>, 'name' | 'load'> {
  /**
   * Loads the samples.
   *
   * @throws ArgumentError for wrong options, OptionError for unknown ones, DataAbsentError where files are missing
   */
  (options?: OptionsOf<R>): Promise<D>;
}

const statementRule = option.that<object>('{ name, options, load, … }', (value) => {
  const { name, options, load } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof name === 'string' && typeof options === 'object' && options !== null && typeof load === 'function'
  );
});

/** Makes a data set of its statement. @throws ArgumentError for what is none */
export function defineDataset<R extends OptionRules, D extends Dataset>(
  dataset: DatasetStatement<R, D>,
): DatasetSource<R, D> {
  checkArgument('defineDataset', 'statement', statementRule, dataset);
  const { name, load, ...statement } = dataset;
  const checked = async (options: OptionsOf<R> = {} as OptionsOf<R>): Promise<D> => {
    checkOptions(name, statement.options, options);
    return load(options);
  };
  return Object.assign(checked, statement);
}

/** The options among these that rules name: for callers that have one set of options for several data sets. */
export function optionsFor<T extends object>(rules: OptionRules, given: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(given).filter(([name]) => Object.hasOwn(rules, name)),
  ) as Partial<T>;
}

/** Rules for how many samples are loaded. */
export const countRules = {
  /** Training samples, the first ones; validation included. Default: the published number. */
  trainCount: option.integer(),
  /** Test samples, the first ones. Default: the published number. */
  testCount: option.integer(),
};

/** Rule for a seed: a whole number from 0 to 2^53 − 1. */
export const seedRule = () => option.integer({ least: 0, most: Number.MAX_SAFE_INTEGER });
