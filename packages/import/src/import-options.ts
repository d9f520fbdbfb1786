import { type OptionsOf, option } from '@funhash/hashing';
import { Tensor } from '@funhash/tensor';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isExtents = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length <= 16 &&
  value.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 31);

/** Rules of the options of `importOnnx`. */
export const importRules = {
  /** The input that the network takes. Default: the first one that is neither a weight nor among `values`. */
  input: option.text(),
  /** The output that the network gives. Default: the first one. */
  output: option.text(),
  /** Values of all further inputs, by name. Default none. */
  values: option.that<Readonly<Record<string, Tensor>>>(
    'a record of tensors, by names of inputs',
    (value) => isRecord(value) && Object.values(value).every((each) => each instanceof Tensor),
  ),
  /** Shapes of inputs as the file means them, by name, in place of those that it says or leaves free. */
  shapes: option.that<Readonly<Record<string, readonly number[]>>>(
    'a record of shapes such as { input: [1, 3, 224, 224] }',
    (value) => isRecord(value) && Object.values(value).every(isExtents),
  ),
};

/** Options of `importOnnx`. */
export type ImportOnnxOptions = OptionsOf<typeof importRules>;
