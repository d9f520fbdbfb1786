import {
  ArgumentError,
  checkOptions,
  nearestName,
  type OptionsOf,
  option,
  shownValue,
} from '@funhash/hashing';
import type { Dataset, Samples } from '../dataset.ts';
import { type ColumnScale, seriesTransformation } from './series-reader.ts';

/** Most numbers of all windows together. */
const mostNumbers = 2 ** 28;

const isColumns = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).length > 0 &&
  Object.values(value).every(
    (column) => Array.isArray(column) || (ArrayBuffer.isView(column) && 'length' in column),
  );

const rules = {
  /** Short name of the series, for tables of results. Default `series`. */
  name: option.text(),
  /** Origin of the series, in one sentence. */
  description: option.text(),
  /** Columns by their names, equally long, one number for each step of time: `{ temperature: [3.1, 2.8, …], wind: […] }`. */
  columns: option.required(
    option.that<Readonly<Record<string, ArrayLike<number>>>>(
      'columns of numbers by their names, at least one',
      isColumns,
    ),
  ),
  /** Name of the column that is forecast. */
  target: option.required(option.text()),
  /** Steps that a forecast is made from. Default 14. */
  window: option.integer({ least: 1, most: 2 ** 16 }),
  /** Steps from the last of a window to the one that is forecast. Default 1, the next. */
  horizon: option.integer({ least: 1, most: 2 ** 16 }),
  /** Windows of the test part, the last ones of the series. Default a fifth of all. */
  testCount: option.count(),
  /** Windows of the training part, the first ones. Default: all before the test part. */
  trainCount: option.count(),
};

/** Options of `seriesWindows`. */
export type SeriesWindowsOptions = OptionsOf<typeof rules>;

/** Windows of a series and the number that follows each. */
export interface SeriesDataset extends Dataset {
  /** Names of the features, in the order of the last axis of inputs. */
  readonly features: readonly string[];
  /** What is forecast: targets are (value − mean) / std, of the training part. */
  readonly target: ColumnScale;
}

/**
 * Windows of a numeric series with what follows each: inputs `[N, window, features]`, targets `[N, 1]`. Every column is shifted
 * and scaled by the mean and the standard deviation of its training part. The test part is the end of the series, and
 * none of its targets stands in a training window.
 *
 *     seriesWindows({ columns: { load, temperature }, target: 'load', window: 48, horizon: 24 })
 *
 * @throws ArgumentError for columns of different lengths, numbers that are not finite (with the place), a series too short for
 * its windows, a target that is no column, or one that never changes
 */
export function seriesWindows(options: SeriesWindowsOptions): SeriesDataset {
  const operation = 'seriesWindows';
  checkOptions(operation, rules, options);
  const { name = 'series', columns, target, window = 14, horizon = 1 } = options;
  const features = Object.keys(columns);
  const steps = stepsOf(operation, columns, features);
  const at = features.indexOf(target);
  const refuse = (expected: string, actual: string, remedy?: string): never => {
    throw new ArgumentError({ operation, expected, actual, ...(remedy && { remedy }) });
  };
  if (at < 0) {
    const nearest = nearestName(target, features);
    refuse(
      `the target among the columns ${features.join(', ')}`,
      target,
      nearest && `Did you mean ${nearest}?`,
    );
  }
  const available = steps - window - horizon + 1;
  const { testCount = Math.round(available / 5) } = options;
  const most = available - testCount;
  const { trainCount = most } = options;
  if (testCount < 1 || trainCount < 1 || trainCount > most)
    refuse(
      `windows for training and test within the ${Math.max(0, available)} that ${steps} steps have (window ${window}, horizon ${horizon})`,
      `${trainCount} and ${testCount}`,
      'Take a shorter window or horizon, fewer samples, or a longer series.',
    );
  if ((trainCount + testCount) * window * features.length > mostNumbers)
    refuse(
      `at most ${mostNumbers} numbers in all windows`,
      `${trainCount + testCount} windows of ${window} × ${features.length}`,
    );
  // What training sees: the steps of its windows, and the targets behind them.
  const seen = trainCount + window + horizon - 1;
  const scales = features.map((feature) => scaleOf(feature, columns[feature] as ArrayLike<number>, seen));
  const own = scales[at] as Scale;
  if (own.isConstant)
    refuse(`a target that changes within the first ${seen} steps`, `${target}, always ${own.mean}`);
  const samples = (first: number, count: number): Samples => {
    const width = features.length;
    const inputs = new Float32Array(count * window * width);
    const targets = new Float32Array(count);
    const scaled = (feature: number, step: number): number => {
      const { mean, std } = scales[feature] as Scale;
      return (((columns[features[feature] as string] as ArrayLike<number>)[step] as number) - mean) / std;
    };
    for (let k = 0; k < count; k++) {
      for (let t = 0; t < window; t++)
        for (let f = 0; f < width; f++) inputs[(k * window + t) * width + f] = scaled(f, first + k + t);
      targets[k] = scaled(at, first + k + window - 1 + horizon);
    }
    return { count, inputs, targets };
  };
  return {
    name,
    description:
      options.description ??
      `${target} ${horizon} steps after windows of ${window} steps of ${features.join(', ')}`,
    inputShape: [window, features.length],
    dtype: 'f32',
    targetShape: [1],
    isOrdered: true,
    features,
    target: plain(own),
    transformation: seriesTransformation(scales.map(plain), plain(own), horizon),
    targetScale: [own.mean, own.mean + own.std],
    train: samples(0, trainCount),
    test: samples(most, testCount),
  };
}

const plain = ({ name, mean, std }: Scale): ColumnScale => ({ name, mean, std });

interface Scale extends ColumnScale {
  readonly isConstant: boolean;
}

/** Mean and standard deviation of the first steps; a column that never changes keeps its size. */
function scaleOf(name: string, column: ArrayLike<number>, steps: number): Scale {
  let mean = 0;
  for (let k = 0; k < steps; k++) mean += ((column[k] as number) - mean) / (k + 1);
  let sum = 0;
  for (let k = 0; k < steps; k++) sum += ((column[k] as number) - mean) ** 2;
  const std = Math.sqrt(sum / steps);
  const isConstant = !(std > 0);
  return { name, mean, std: isConstant ? 1 : std, isConstant };
}

/** Steps of the columns. @throws ArgumentError where they differ, or a number is not finite */
function stepsOf(
  operation: string,
  columns: Readonly<Record<string, ArrayLike<number>>>,
  features: readonly string[],
): number {
  const steps = columns[features[0] as string]?.length ?? 0;
  for (const feature of features) {
    const column = columns[feature] as ArrayLike<number>;
    if (column.length !== steps)
      throw new ArgumentError({
        operation,
        expected: `${steps} numbers in ${feature}, as in ${features[0]}`,
        actual: String(column.length),
      });
    for (let k = 0; k < steps; k++)
      if (!Number.isFinite(column[k]))
        throw new ArgumentError({
          operation,
          expected: 'finite numbers',
          actual: `${shownValue(column[k])} in ${feature}, step ${k}`,
          remedy: 'Fill gaps, or leave the steps out.',
        });
  }
  return steps;
}
