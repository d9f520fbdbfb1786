import { ArgumentError } from '@funhash/hashing';
import { type ImageShape, type ModelWeights, requireCounts, requireImageShape } from './weights.ts';

/** Options of every model of photographs. */
export interface ImageModelOptions {
  /** Default [32, 32, 3], as CIFAR has. */
  readonly input?: ImageShape;
  /** Default 10. */
  readonly classes?: number;
  readonly weight?: ModelWeights;
  /** Default 0. */
  readonly seed?: number;
}

export function checkedOptions(
  operation: string,
  { input = [32, 32, 3], classes = 10, seed = 0, weight }: ImageModelOptions,
): { input: ImageShape; classes: number; seed: number; weight: ModelWeights | undefined } {
  requireImageShape(operation, input);
  requireCounts(operation, { classes });
  return { input, classes, seed, weight };
}

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
