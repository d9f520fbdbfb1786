import { ArgumentError, FunhashError } from '@funhash/hashing';
import fc from 'fast-check';
import type { Option, OptionSchema } from '../options.ts';
import {
  type MatrixShape,
  requestOf,
  type Scheme,
  type SchemeArguments,
  type WeightRequest,
} from '../scheme.ts';
import * as schemes from '../schemes/index.ts';
import { plannedOptions } from '../weight/create-weight.ts';
import type { SharedSpace } from '../weight/shared-space.ts';
import type { SchemeLawName } from './law-names.ts';

type Given = Readonly<Record<string, unknown>>;

/** Makes the request that drawn options give for a matrix: what does not fit there is left to defaults. */
export type RequestMaker = (shape: MatrixShape, space?: SharedSpace) => WeightRequest;

/** Small weights of one scheme. */
export interface SampledScheme {
  readonly scheme: Scheme;
  /** Extents of V that the requests fit. */
  readonly shape: MatrixShape;
  /** The same ones in every run, the plainest first. */
  readonly requests: readonly WeightRequest[];
  /** Options drawn out of the schema. */
  readonly drawn: fc.Arbitrary<RequestMaker>;
  /** Laws that the scheme does not claim. */
  readonly except: readonly SchemeLawName[];
  /** Largest relative error of the standard deviation of V. */
  readonly stdTolerance: number;
}

/** Samples of a scheme, by what its definition says and by its options. */
function sampleOf(scheme: Scheme): SampledScheme {
  const { sample = {} } = scheme.definition;
  const { shape = { rows: 13, cols: 22 }, except = [], stdTolerance = 0.1 } = sample;
  const requests = (sample.requests ?? [plainArguments(scheme, shape)]).map((given) =>
    requestOf(scheme, given as SchemeArguments<OptionSchema>),
  );
  return { scheme, shape, requests, drawn: drawnMakers(scheme), except, stdTolerance };
}

/** Samples of a scheme, and where it may be over another scheme, also over hashed values. */
export function samplesOf(scheme: Scheme): readonly SampledScheme[] {
  const own = sampleOf(scheme);
  if (!scheme.over) return [own];
  const overHashed = sampleOf(scheme.over(schemes.hashedNet));
  return [own, { ...overHashed, requests: overHashed.requests.slice(0, 1) }];
}

type SchemeSamples = Readonly<Record<keyof typeof schemes, readonly SampledScheme[]>>;

/** Samples of every scheme of this package, by its name. */
export function schemeSamples(): SchemeSamples {
  const named = Object.entries(schemes).map(([name, scheme]) => [name, samplesOf(scheme)]);
  return Object.fromEntries(named) as SchemeSamples;
}

/** One half of the values; or the plainest options, where a scheme takes no size. */
function plainArguments(scheme: Scheme, shape: MatrixShape): SchemeArguments<OptionSchema> {
  const half = { ratio: 1 / 2 };
  return (
    [half, completed(scheme, {}, plainValue, shape)].find(
      (given) => given && fits(requestOf(scheme, given), shape),
    ) ?? half
  );
}

/** What is drawn for the options of a scheme, of which its maker takes what a matrix has room for. */
interface Draw {
  readonly values: Given;
  /** Options with a default that are set nevertheless. */
  readonly extra: readonly string[];
  readonly ratio: number | undefined;
}

function drawnMakers(scheme: Scheme): fc.Arbitrary<RequestMaker> {
  const { options, sample } = scheme.definition;
  const draws = sample?.draws as Readonly<Record<string, readonly unknown[] | undefined>> | undefined;
  const arbitraries = Object.entries(options).flatMap(([name, option]) => {
    const values = valuesOf(option, draws?.[name]);
    return values ? [[name, values] as const] : [];
  });
  const extra = arbitraries.map(([name]) => name).filter((name) => hasDefault(options[name]));
  const draw: fc.Arbitrary<Draw> = fc.record({
    values: fc.record(Object.fromEntries(arbitraries)),
    extra: fc.subarray(extra),
    ratio: fc.option(fc.constantFrom(1 / 4, 1 / 3, 1 / 2, 3 / 4), { nil: undefined }),
  });
  return draw.map((drawn) => (shape, space) => fitted(scheme, drawn, shape, space));
}

const hasDefault = (option: Option<unknown> | undefined): boolean =>
  option?.default !== undefined || option?.isSeed === true;

function valuesOf(
  option: Option<unknown>,
  only: readonly unknown[] | undefined,
): fc.Arbitrary<unknown> | undefined {
  if (option.isDrawn || only?.length === 0) return undefined;
  const { choices, role, isSeed, least = 0, most = 2 ** 32 - 1 } = option;
  const few = only ?? choices;
  if (few) return fc.constantFrom(...few);
  if (role === 'real') return fc.double({ min: -2, max: 2, noNaN: true });
  if (isSeed) return fc.integer({ min: least, max: most });
  // Lists have joint constraints, with each other and with the matrix.
  if (!option.accepts(most)) return undefined;
  // A count of stored values needs to be large enough for hashes to spread.
  return role === 'word'
    ? fc.integer({ min: Math.max(least, 24), max: Math.min(most, 120) })
    : fc.integer({ min: least, max: most - least < 8 ? most : least + 3 });
}

/** The first of these that a matrix has room for: all that is drawn; no size; nothing drawn but what must be given. */
function fitted(
  scheme: Scheme,
  { values, extra, ratio }: Draw,
  shape: MatrixShape,
  space?: SharedSpace,
): WeightRequest {
  const chosen = Object.fromEntries(extra.map((name) => [name, values[name]]));
  const drawnValue = (name: string, option: Option<unknown>): unknown =>
    values[name] ?? plainValue(name, option);
  const pool = space && scheme.definition.pool;
  const held = pool ? { [pool.count]: space.parameter.value.size } : {};
  const tries = [
    () => (ratio === undefined || space ? undefined : { ...chosen, ratio }),
    () => completed(scheme, { ...chosen, ...held }, drawnValue, shape),
    () => completed(scheme, held, drawnValue, shape),
    () => completed(scheme, held, plainValue, shape),
  ];
  for (const attempt of tries) {
    const given = attempt();
    const request = given && { ...requestOf(scheme, given), space };
    if (request && fits(request, shape)) return request;
  }
  throw new ArgumentError({
    operation: scheme.definition.kind,
    expected: 'options that can be drawn',
    actual: `none that fit ${shape.rows} × ${shape.cols}`,
    remedy: 'Give the definition a sample.',
  });
}

/** A value for an option that has no default: the least that a number may be, and room for any block of stored values. */
function plainValue(_: string, option: Option<unknown>): unknown {
  const { choices, role, least = 0, most = 2 ** 32 - 1 } = option;
  if (choices) return choices[0];
  return role === 'word' ? Math.min(most, Math.max(least, 120)) : least;
}

/** Options with those that neither the plan nor a default gives, one after another: the next may follow from them. */
function completed(
  { definition }: Scheme,
  given: Given,
  value: (name: string, option: Option<unknown>) => unknown,
  shape: MatrixShape,
): Given | undefined {
  const options: Record<string, unknown> = { ...given };
  for (;;) {
    const planned = refusedOr(() => definition.plan({ ...shape, budget: undefined, given: options }));
    if (!planned) return undefined;
    const missing = Object.entries(definition.options).find(
      ([name, option]) => !(name in options) && !(name in planned) && !hasDefault(option),
    );
    if (!missing) return options;
    options[missing[0]] = value(...missing);
  }
}

function fits(request: WeightRequest, shape: MatrixShape): boolean {
  return refusedOr(() => plannedOptions(request, shape, 0)) !== undefined;
}

/** What a scheme refuses is undefined; faults of its own are thrown. */
function refusedOr<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof FunhashError) return undefined;
    throw error;
  }
}
