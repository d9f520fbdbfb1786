import { ArgumentError, type OptionRule, option } from '@funhash/hashing';
import { type ActivationName, activations } from '@funhash/layers';
import type { ImageShape, ModelWeights } from './weights.ts';

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 1;

/** A rule for the shape of an image. */
const imageShapeOption = (): OptionRule<ImageShape, false> =>
  option.that<ImageShape>(
    '[height, width, channels], whole numbers ≥ 1',
    (value) => Array.isArray(value) && value.length === 3 && value.every(isCount),
  );

/** A rule for inputs that are read as flat rows. */
export const flatInputOption = (): OptionRule<number | readonly number[], false> =>
  option.that<number | readonly number[]>(
    'a number of elements, or the extents of an example, whole numbers ≥ 1',
    (value) => (Array.isArray(value) ? value.length > 0 && value.every(isCount) : isCount(value)),
  );

/** Elements of an example. */
export const flatSize = (input: number | readonly number[]): number =>
  typeof input === 'number' ? input : input.reduce((size, extent) => size * extent, 1);

/** A rule for widths of layers. */
export const widthsOption = (): OptionRule<readonly number[], false> => option.list(option.count());

/** A rule for rates of dropout. */
export const rateOption = (): OptionRule<number, false> =>
  option.that<number>(
    'a rate from 0 up to 1',
    (value) => typeof value === 'number' && value >= 0 && value < 1,
  );

/** A rule for activations by name. */
export const activationOption = (): OptionRule<ActivationName, false> =>
  option.oneOf(Object.keys(activations) as ActivationName[]);

/** Options that every model has. */
export const modelRules = {
  /** Number of classes, or of values that the model gives for an example. Default 10. */
  classes: option.count(),
  /** Storage of weights: one request, one for each role, or a function of the place. Default: plain. */
  weight: option.that<ModelWeights>(
    'a weight request, requests by role, or a function of the place',
    (value) => typeof value === 'function' || (typeof value === 'object' && value !== null),
  ),
  /** Seed of the first weights, and of what is drawn in training. Default 0. */
  seed: option.integer(),
};

/** Options of every model of digits and other small pictures. */
export const digitRules = {
  /** Extents of an image, [height, width, channels]. Default [28, 28, 1]. */
  input: imageShapeOption(),
  ...modelRules,
  /** Activation of hidden layers. Default relu. */
  activation: activationOption(),
};

/** Shape of the images of MNIST. */
export const mnist: ImageShape = [28, 28, 1];

/** Refuses images with fewer pixels along a side. @throws ArgumentError */
export function requireSides(operation: string, [height, width]: ImageShape, least: number): void {
  if (Math.min(height, width) < least)
    throw new ArgumentError({
      operation,
      expected: `images of at least ${least} pixels a side`,
      actual: `${height} × ${width}`,
    });
}

/** Options of every model of photographs. */
export const photographRules = {
  /** Extents of an image, [height, width, channels]. Default [32, 32, 3], as CIFAR has. */
  input: imageShapeOption(),
  ...modelRules,
};

/** Shape of the photographs of CIFAR. */
export const cifar: ImageShape = [32, 32, 3];

/** Blocks of each of the groups of a net. @throws ArgumentError unless depth = layers · blocks + rest */
export function blocksOf(operation: string, depth: number, layers: number, rest: number): number {
  const blocks = (depth - rest) / layers;
  if (!Number.isInteger(blocks) || blocks < 1)
    throw new ArgumentError({
      operation,
      expected: `a depth of ${layers}·n + ${rest}, n ≥ 1`,
      actual: String(depth),
    });
  return blocks;
}
