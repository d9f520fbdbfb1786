import { type OptionsOf, option } from '@funhash/hashing';
import { seedRule } from '../define-dataset.ts';
import { formats } from './table-source.ts';

const names = option.list(option.text(), { most: 4096 });

/** Options of `loadTable`. */
export const tableRules = {
  /** The column that is to be found. */
  target: option.required(option.text()),
  /**
   * Whether the target is a class or a number. Default: texts are classes, and so are whole numbers of at most 20 values
   * with three rows each on average; all else are numbers.
   */
  task: option.oneOf(['class', 'number']),
  /** A column of texts that is the only input: its words. */
  text: option.text(),
  /** Columns that are no inputs. */
  ignore: names,
  /** Kinds of columns that are not to be inferred, such as `['zip=category', 'id=ignored']`. */
  kinds: names,
  /** A column that says which rows are for the test, by `test`; all others are for training. Default: drawn by the seed. */
  split: option.text(),
  /** Share of rows that are drawn for the test. Default 0.2. */
  test: option.real({ least: 0, most: 0.9 }),
  /** Decides which rows are for the test, and which are taken where they are counted. Default 0. */
  seed: seedRule(),
  /** Training rows, drawn by the seed; validation included. Default: all. */
  trainCount: option.count(),
  /** Test rows, drawn by the seed. Default: all. */
  testCount: option.count(),
  /** Categories with more values than this are hashed. Default 64. */
  oneHot: option.integer({ least: 2, most: 2048 }),
  /** Inputs of a hashed category. Default 64. */
  buckets: option.integer({ least: 1, most: 2 ** 16 }),
  /** Words of a text with inputs of their own, the commonest; of texts by hashes the number of inputs. Default 1024. */
  textBuckets: option.integer({ least: 1, most: 2 ** 18 }),
  /** How rows are written. Default: as the name of the file says, else csv. */
  format: option.oneOf(formats),
};

export type TableOptions = OptionsOf<typeof tableRules>;
