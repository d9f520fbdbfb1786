import { type OptionRule, option, refuseUnknown } from '@funhash/hashing';
import { Tensor } from '@funhash/tensor';

/** What an op without options takes in their place: nothing, which it says of what is given. */
export type NoOptions = Readonly<Record<string, never>>;

/** Refuses options of an op that has none. @throws OptionError, ArgumentError where something is given */
export function refuseOptions(operation: string, given: unknown): void {
  if (given !== undefined) refuseUnknown(operation, [], given);
}

/** A rule for a tensor. */
export const tensorOption = (): OptionRule<Tensor, false> =>
  option.that<Tensor>('a tensor', (value) => value instanceof Tensor);

/** A rule for the seed of what is drawn: the same one gives the same numbers on every backend. */
export const seedOption = (): OptionRule<number, false> =>
  option.that<number>('a whole number, of which 32 bits count', Number.isInteger);

/** A rule for one axis. */
export const axisOption = (): OptionRule<number, false> =>
  option.that<number>('an axis, a whole number', Number.isInteger);

/** A rule for an axis or several. */
export const axesOption = (): OptionRule<number | readonly number[], false> =>
  option.that<number | readonly number[]>('an axis, or a list of axes', (value) =>
    Array.isArray(value) ? Array.from(value).every(Number.isInteger) : Number.isInteger(value),
  );

/** What is said of names of axes that users of NumPy and PyTorch write. */
export const axisAdvice = {
  dim: 'did you mean axis?',
  dims: 'did you mean axis?',
  axes: 'did you mean axis?',
  keepdim: 'did you mean keepDims?',
  unbiased: 'did you mean ddof?',
  correction: 'did you mean ddof?',
  p: 'did you mean order?',
  ord: 'did you mean order?',
};
