import { ArgumentError, option, shownValue } from '@funhash/hashing';

const kind = 'series';

/** Scale of a column: (value − mean) / std is what a model sees. */
export interface ColumnScale {
  readonly name: string;
  readonly mean: number;
  readonly std: number;
}

/** How a series becomes the inputs of a model, as plain JSON for its signature. */
export function seriesTransformation(
  features: readonly ColumnScale[],
  target: ColumnScale,
  horizon: number,
): Readonly<Record<string, unknown>> {
  return { kind, features, target, horizon };
}

/** Reads windows of a series for a model, and its answers. */
export interface SeriesReader {
  /** Columns of a window, in their order. */
  readonly features: readonly ColumnScale[];
  readonly target: ColumnScale;
  /** Steps from the last of a window to the one that is forecast. */
  readonly horizon: number;
  /** Windows [..., features] in the units of the series, as the model takes them. */
  read(values: ArrayLike<number>): Float32Array;
  /** What the model says, in the unit of the target. */
  answer(output: number): number;
}

const isScale = (value: unknown): value is ColumnScale => {
  const { name, mean, std } = (value ?? {}) as Partial<ColumnScale>;
  return typeof name === 'string' && Number.isFinite(mean) && Number.isFinite(std) && (std as number) > 0;
};

/**
 * Reader of windows that the signature of a model states.
 *
 * @param transformation from a file, and taken as hostile
 * @returns undefined where the model takes other data
 * @throws ArgumentError where it is damaged
 */
export function seriesReader(
  transformation: Readonly<Record<string, unknown>> | undefined,
): SeriesReader | undefined {
  if (transformation?.kind !== kind) return undefined;
  const { features, target, horizon } = transformation;
  const isWhole =
    Array.isArray(features) &&
    features.length > 0 &&
    features.every(isScale) &&
    isScale(target) &&
    option.count().accepts(horizon);
  if (!isWhole)
    throw new ArgumentError({
      operation: 'seriesReader',
      expected: 'features and a target, each with a name, a mean and a standard deviation, and a horizon',
      actual: shownValue(transformation),
      remedy: 'The model file is damaged: take a copy.',
    });
  const columns = features as readonly ColumnScale[];
  const { mean, std } = target as ColumnScale;
  return {
    features: columns,
    target: target as ColumnScale,
    horizon: horizon as number,
    read: (values) =>
      Float32Array.from(values, (value, k) => {
        const own = columns[k % columns.length] as ColumnScale;
        return (value - own.mean) / own.std;
      }),
    answer: (output) => mean + std * output,
  };
}
