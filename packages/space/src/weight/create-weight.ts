import {
  ArgumentError,
  checkArgument,
  checkOptions,
  deriveSeed,
  option,
  random,
  shownValue,
} from '@funhash/hashing';
import { type FloatDType, requireRoom, type Shape, sizeOf } from '@funhash/tensor';
import { type OptionSchema, type OptionValues, resolveOptions } from '../options.ts';
import {
  budgetOf,
  type MatrixShape,
  requestRule,
  type SchemeDefinition,
  type WeightRequest,
} from '../scheme.ts';
import { virtualOf } from '../virtual-of.ts';
import { measuredStd } from './measured-std.ts';
import { Parameter } from './parameter.ts';
import { Weight } from './weight.ts';

export interface WeightOptions extends MatrixShape {
  /** Decides start values and, where the request names no other, the hashes. Default 0. */
  readonly seed?: number;
  /** Standard deviation of the entries of V at the start. Default √(2 / cols), He et al. 2015. */
  readonly std?: number;
  /** The precision of the stored values. Default f32, or that of the shared space which the request names. */
  readonly dtype?: FloatDType | undefined;
}

const weightRules = {
  // Refused by the name of the scheme.
  rows: option.any<number>(),
  cols: option.any<number>(),
  seed: option.integer(),
  std: option.real({ least: 0 }),
  dtype: option.oneOf(['f32', 'f64']),
};

/**
 * Binds a scheme to a shape, with start values.
 *
 * @throws ArgumentError where an option, the extents or the size do not suit the scheme, or a shared space has another
 * dtype than the one asked for
 */
export function createWeight(request: WeightRequest, given: WeightOptions): Weight {
  checkArgument('createWeight', 'request', requestRule, request);
  checkOptions('createWeight', weightRules, given);
  const { rows, cols, seed = 0, std, dtype: asked } = given ?? {};
  const { definition } = request.scheme;
  const shape = { rows, cols };
  const options = optionsOf(request, shape, deriveSeed(seed, 'hash'));
  const arrays = definition.stored(options, shape);
  for (const [name, extents] of Object.entries(arrays))
    requireRoom(
      `${definition.kind} ${name} of a weight [${rows}, ${cols}]`,
      'f64',
      sizeOf(extents),
      'Use a scheme that stores less, such as hashedNet({ ratio: 1 / 64 }), or smaller layers.',
    );
  const target = std ?? Math.sqrt(2 / Math.max(1, cols));
  const shared = sharedValues(request, definition);
  const isScaled = request.space !== undefined || (definition.isScaled?.(options) ?? false);
  // Traced only where it is measured: the formula of a long sum is slow to trace.
  const measure = (values: Readonly<Record<string, Float64Array>>): number =>
    measuredStd(virtualOf(definition, options, shape, isScaled ? 1 : undefined), { ...values, ...shared });
  const start = definition.initialize({
    ...shape,
    options,
    draw: random(deriveSeed(seed, 'values')),
    std: target,
    shared,
    measureStd: measure,
  });
  const rules = definition.rules?.(options, shape) ?? {};
  const dtype = dtypeFor(request, asked);
  const parameters = Object.entries(arrays).map(([name, extents]) =>
    name in shared && request.space
      ? request.space.parameter
      : Parameter.of(name, startOf(definition.kind, start, name, extents), extents, {
          ...rules[name],
          dtype,
        }),
  );
  const scale = isScaled ? target / measure(start) : undefined;
  const { policy, space } = request;
  return new Weight({ definition, options, rows, cols, parameters, policy, space, scale });
}

/** One product reads all stored values: those of a shared space decide. */
function dtypeFor({ scheme, space }: WeightRequest, asked: FloatDType | undefined): FloatDType {
  const dtype = (space?.parameter.value.dtype as FloatDType | undefined) ?? asked ?? 'f32';
  if (asked === undefined || asked === dtype) return dtype;
  throw new ArgumentError({
    operation: scheme.definition.kind,
    expected: `dtype ${dtype}, as the shared space ${space?.name}`,
    actual: asked,
    remedy: 'Make the space with this dtype.',
  });
}

function startOf(
  kind: string,
  start: Readonly<Record<string, Float64Array>>,
  name: string,
  shape: Shape,
): Float64Array {
  const values = start[name];
  if (values?.length !== sizeOf(shape))
    throw new ArgumentError({
      operation: kind,
      expected: `${sizeOf(shape)} start values for ${name}`,
      actual: String(values?.length ?? 'none'),
    });
  return values;
}

function sharedValues(
  { space }: WeightRequest,
  { kind, pool }: SchemeDefinition<OptionSchema>,
): Record<string, Float64Array> {
  if (!space) return {};
  if (!pool)
    throw new ArgumentError({
      operation: kind,
      expected: 'a scheme whose values can be shared',
      actual: `a shared space for ${kind}`,
    });
  return { [pool.array]: Float64Array.from(space.parameter.value.dataSync()) };
}

/**
 * All options of a request for a matrix: those given, those that its size asks for, defaults.
 *
 * @param seed decides hashes where the request names no seed
 * @throws ArgumentError where the scheme has no form of this size for these extents, or does not take an option
 */
export function plannedOptions(
  request: WeightRequest,
  shape: MatrixShape,
  seed: number,
): OptionValues<OptionSchema> {
  checkArgument('plannedOptions', 'request', requestRule, request);
  checkArgument('plannedOptions', 'seed', option.real(), seed);
  return optionsOf(request, shape, seed);
}

function optionsOf(request: WeightRequest, given: MatrixShape, seed: number): OptionValues<OptionSchema> {
  const { definition } = request.scheme;
  const { rows, cols } = given ?? {};
  const shape = { rows, cols };
  for (const [name, extent] of Object.entries(shape))
    if (!Number.isInteger(extent) || extent < 0 || extent >= 2 ** 32)
      throw new ArgumentError({
        operation: definition.kind,
        expected: `${name}: a whole number below 2^32`,
        actual: extent === undefined ? 'none' : shownValue(extent),
      });
  const budget = budgetOf(request.size, shape);
  const own = Object.entries(request.options).filter(([, value]) => value !== undefined);
  const fixed: Record<string, unknown> = Object.fromEntries(own);
  if (request.space && definition.pool) fixed[definition.pool.count] = request.space.parameter.value.size;
  checkOptions(definition.kind, definition.options, fixed);
  const planned = definition.plan({ ...shape, budget, given: fixed as Partial<OptionValues<OptionSchema>> });
  const options = resolveOptions(definition.kind, definition.options, { ...planned, ...fixed }, seed);
  const needed = Object.values(definition.stored(options, shape)).reduce(
    (sum, extents) => sum + sizeOf(extents),
    0,
  );
  if (budget !== undefined && needed > budget && !request.space)
    throw new ArgumentError({
      operation: definition.kind,
      expected: `room for the smallest form of the scheme, ${needed} values`,
      actual: `a budget of ${budget} values for ${rows} × ${cols}`,
      remedy: 'Give it a larger ratio, or choose another scheme for this layer.',
    });
  return options;
}
