import { ArgumentError, checkArgument, option, shownValue } from '@funhash/hashing';
import { sameShape, shapeText, type Tensor } from '@funhash/tensor';
import { resolveOptions } from '../options.ts';
import { withHashes } from '../own-hash.ts';
import type { KnownSchemes } from '../wrappers/known-schemes.ts';
import { Parameter } from './parameter.ts';
import type { SharedSpace } from './shared-space.ts';
import { Weight, type WeightSpec } from './weight.ts';

export interface RestoreOptions {
  readonly schemes: KnownSchemes;
  /** Stored values by array name. */
  readonly values: Pick<ReadonlyMap<string, Tensor>, 'get'>;
  /** The shared space of the spec, where it names one. */
  readonly space?: SharedSpace | undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isRestoring = (given: unknown): boolean =>
  isRecord(given) && isRecord(given.schemes) && 'kinds' in given.schemes && isRecord(given.values);

/**
 * A weight from its spec and stored values, as read from a file: everything is checked against the scheme.
 *
 * @throws ArgumentError where the scheme is unknown, an option is wrong, or values do not fit
 */
export function restoreWeight(spec: WeightSpec, given: RestoreOptions): Weight {
  const operation = 'restoreWeight';
  checkArgument(operation, 'spec', option.that('what the spec of a weight says', isRecord), spec);
  checkArgument(
    operation,
    'options',
    option.that('{ schemes: knownSchemes(…), values }', isRestoring),
    given,
  );
  const { schemes, values, space } = given;
  const { kind, rows, cols, options, policy, scale, own = false } = spec;
  const definition = typeof kind === 'string' ? schemes.get(kind, own)?.definition : undefined;
  if (!definition)
    throw new ArgumentError({
      operation,
      expected: own ? `a known scheme of one's own` : `a known scheme: ${schemes.kinds.join(', ')}`,
      actual: typeof kind === 'string' ? JSON.stringify(kind) : shownValue(kind ?? 'none'),
      remedy: 'Pass schemes of your own as `schemes`.',
    });
  // A seed has no default here: another one would give another matrix.
  for (const [name, { isSeed, expected }] of Object.entries(definition.options)) {
    const value = options?.[name];
    if (isSeed && typeof value !== 'number')
      throw new ArgumentError({
        operation,
        expected: `${kind} option ${name}: ${expected}`,
        actual: value === undefined ? 'none' : shownValue(value),
      });
  }
  const resolved = resolveOptions(kind, definition.options, withHashes(options, schemes.hashes ?? []), 0);
  if (space && !definition.pool)
    throw new ArgumentError({
      operation,
      expected: `${kind} with values of its own`,
      actual: `the shared space ${space.name}`,
    });
  const isScaled = space !== undefined || (definition.isScaled?.(resolved) ?? false);
  if (isScaled !== (scale !== undefined))
    throw new ArgumentError({
      operation,
      expected: `${kind} ${isScaled ? 'with' : 'without'} a scale`,
      actual: String(scale ?? 'none'),
    });
  const rules = definition.rules?.(resolved, { rows, cols }) ?? {};
  const parameters = Object.entries(definition.stored(resolved, { rows, cols })).map(([name, shape]) => {
    const isShared = space !== undefined && definition.pool?.array === name;
    const value = isShared ? space.parameter.value : values.get(name);
    if (!value || !sameShape(value.shape, shape))
      throw new ArgumentError({
        operation,
        expected: `${kind} values ${name} of shape ${shapeText(shape)}`,
        actual: value ? shapeText(value.shape) : 'none',
      });
    return isShared ? space.parameter : new Parameter(name, value, rules[name]);
  });
  return new Weight({ definition, options: resolved, rows, cols, parameters, policy, space, scale });
}
