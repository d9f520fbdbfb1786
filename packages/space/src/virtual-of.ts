import { traceScheme } from './formula.ts';
import type { VirtualMatrix } from './ops/virtual-matrix.ts';
import type { OptionSchema, OptionValues } from './options.ts';
import type { MatrixShape, SchemeDefinition } from './scheme.ts';

/** A virtual matrix but its stored values: their names, in the order in which they are to be given. */
export type UnfilledMatrix = Omit<VirtualMatrix, 'stored' | 'decoded'> & {
  readonly arrays: readonly string[];
};

/** V of a scheme without its stored values. */
export function virtualOf(
  definition: SchemeDefinition<OptionSchema>,
  options: OptionValues<OptionSchema>,
  shape: MatrixShape,
  scale?: number,
): UnfilledMatrix {
  const arrays = Object.keys(definition.stored(options, shape));
  const { formula, words, reals } = traceScheme(definition, options, arrays, scale !== undefined);
  const numbers = options as Readonly<Record<string, number>>;
  return {
    ...shape,
    formula,
    arrays,
    uniforms: [shape.rows, shape.cols, ...words.map((name) => numbers[name] as number)],
    scalars: [...reals.map((name) => numbers[name] as number), ...(scale === undefined ? [] : [scale])],
  };
}
