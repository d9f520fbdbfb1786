import { ArgumentError } from '@funhash/hashing';
import { sameShape, shapeText, type Tensor } from '@funhash/tensor';
import { resolveOptions } from './options.ts';
import { Parameter } from './parameter.ts';
import type { Scheme } from './scheme.ts';
import type { SharedSpace } from './shared-space.ts';
import { Weight, type WeightSpec } from './weight.ts';

export interface RestoreOptions {
  /** Known schemes by any name; found by their kind. */
  readonly schemes: Readonly<Record<string, Scheme>>;
  /** Stored values by array name. */
  readonly values: ReadonlyMap<string, Tensor>;
  /** The shared space of the spec, where it names one. */
  readonly space?: SharedSpace | undefined;
}

/**
 * A weight from its spec and stored values, as read from a file: everything is checked against the scheme.
 *
 * @throws ArgumentError where the scheme is unknown, an option is wrong, or values do not fit
 */
export function restoreWeight(spec: WeightSpec, { schemes, values, space }: RestoreOptions): Weight {
  const operation = 'restoreWeight';
  const { kind, rows, cols, options, policy, scale } = spec;
  const definition = Object.values(schemes).find((scheme) => scheme.definition.kind === kind)?.definition;
  if (!definition)
    throw new ArgumentError({
      operation,
      expected: `a known scheme: ${Object.values(schemes)
        .map((scheme) => scheme.definition.kind)
        .join(', ')}`,
      actual: kind,
      remedy: 'Pass schemes of your own as `schemes`.',
    });
  const resolved = resolveOptions(kind, definition.options, options, 0);
  const parameters = Object.entries(definition.stored(resolved, { rows, cols })).map(([name, shape]) => {
    const isShared = space !== undefined && definition.pool?.array === name;
    const value = isShared ? space.parameter.value : values.get(name);
    if (!value || !sameShape(value.shape, shape))
      throw new ArgumentError({
        operation,
        expected: `${kind} values ${name} of shape ${shapeText(shape)}`,
        actual: value ? shapeText(value.shape) : 'none',
      });
    return isShared ? space.parameter : new Parameter(name, value);
  });
  return new Weight(definition, resolved, { rows, cols }, parameters, policy, space, scale);
}
