import type { Real } from '@funhash/formula';
import type { FormulaOptions, OptionSchema, OptionValues } from '../options.ts';
import type { Entry, MatrixShape, SchemeDefinition, SchemeFunction, StoredArray } from '../scheme.ts';
import type { SchemeLawName } from '../testing/law-names.ts';
import { virtualOf } from '../virtual-of.ts';
import { measuredStd } from '../weight/measured-std.ts';
import { overSchemes, type QuantizerFunction } from './over-scheme.ts';

type Definition = SchemeDefinition<OptionSchema>;

/** What a quantiser may use besides the latent value. */
export interface QuantizerTerms<O extends OptionSchema, S extends string> {
  readonly options: FormulaOptions<O>;
  /** Its own trained numbers. */
  readonly scales: Readonly<Record<S, Real>>;
  /** Entries of the matrix. */
  readonly count: Real;
  /** The place of the entry, for what is drawn at random. */
  readonly entry: Entry;
}

/** How entries are made of latent values, which are stored and trained. */
export interface WeightQuantizer<O extends OptionSchema, S extends string> {
  readonly kind: string;
  /** Paper and equation. */
  readonly source: string;
  readonly options: O;
  /** Standard deviation of the latent values at the start, for entries of the standard deviation `std`. */
  latentStd(std: number): number;
  /**
   * Start values of its own trained numbers, for latent values of the standard deviation `std`. Optimisers keep them
   * above 0.
   */
  scales(std: number, options: OptionValues<O>): Readonly<Record<S, number>>;
  /** The entry, with a pseudo-gradient where it has no useful derivative. */
  quantize(latent: Real, terms: QuantizerTerms<O, S>): Real;
  /** The multiples of one of its own numbers that entries are, where each is the nearest to its latent value. Default none. */
  multiples?(options: OptionValues<O>): { readonly of: S; readonly low: number; readonly high: number };
  /** What optimisers keep latent values within, where each is a stored value alone. Default none. */
  readonly bounds?: readonly [low: number, high: number];
  /** Laws that its entries do not obey over plain latent values, besides those which a pseudo-gradient breaks. */
  readonly except?: readonly SchemeLawName[];
  /** What optimisers multiply their learning rate of latent values by. Default 1. */
  rate?(shape: MatrixShape): number;
}

/** The gradient is not that of the steps which entries are. */
const brokenLaws: readonly SchemeLawName[] = ['adjoint', 'second', 'projection', 'reach'];

/** What numbers that a quantiser divides by are kept within. */
const positive = [2 ** -30, 2 ** 30] as const;

/**
 * Makes schemes of a quantiser: V[i,j] = quantize(latent[i,j]), where the latent matrix is stored as any scheme says.
 *
 * @param plain how latent values are stored where a request does not say. Kinds name any other scheme: `binary` over
 * this one, `binary(hashedNet)`
 */
export function defineQuantizer<const O extends OptionSchema, S extends string>(
  quantizer: WeightQuantizer<O, S>,
  plain: SchemeFunction<Record<never, never>>,
): QuantizerFunction<O> {
  return overSchemes(quantizer.kind, quantizer.options, plain, (inner) =>
    definitionOver(
      quantizer as unknown as WeightQuantizer<OptionSchema, string>,
      inner,
      inner === plain.definition ? '' : `(${inner.kind})`,
    ),
  );
}

function definitionOver(
  quantizer: WeightQuantizer<OptionSchema, string>,
  inner: Definition,
  suffix: string,
): Definition {
  const own = (options: OptionValues<OptionSchema>) => quantizer.scales(1, options);
  const defaults = Object.fromEntries(
    Object.entries(quantizer.options).map(([name, option]) => [name, option.default]),
  ) as OptionValues<OptionSchema>;
  return {
    kind: quantizer.kind + suffix,
    source: suffix ? `${quantizer.source}; latent values: ${inner.source}` : quantizer.source,
    options: { ...inner.options, ...quantizer.options },
    plan: ({ budget, ...rest }) => {
      const taken = Object.keys(own({ ...defaults, ...rest.given })).length;
      return inner.plan({ ...rest, budget: budget === undefined ? undefined : budget - taken });
    },
    stored: (options, shape) => ({
      ...inner.stored(options, shape),
      ...Object.fromEntries(Object.keys(own(options)).map((name) => [name, [1]])),
    }),
    initialize: (request) => {
      const { options, shared } = request;
      const std = quantizer.latentStd(request.std);
      const matrix = virtualOf(inner, options, request);
      const scales = Object.entries(quantizer.scales(std, options));
      return {
        ...inner.initialize({
          ...request,
          std,
          measureStd: (values) => measuredStd(matrix, { ...values, ...shared }),
        }),
        ...Object.fromEntries(scales.map(([name, value]) => [name, Float64Array.of(value)])),
      };
    },
    entry: (entry, stored, options) => {
      const names = Object.keys(own(options as OptionValues<OptionSchema>));
      return quantizer.quantize(inner.entry(entry, stored, options), {
        options,
        scales: Object.fromEntries(names.map((name) => [name, (stored[name] as StoredArray).at(0)])),
        count: entry.rows.asReal().times(entry.cols.asReal()),
        entry,
      });
    },
    rules: (options, shape) => {
      const names = Object.keys(inner.stored(options, shape));
      const { bounds } = quantizer;
      const rule = {
        ...(bounds && names.length === 1 && { bounds }),
        ...(quantizer.rate && { rate: quantizer.rate(shape) }),
        // Over another scheme a stored value stands in many entries, with either sign.
        ...(quantizer.multiples && suffix === '' && { multiples: quantizer.multiples(options) }),
      };
      const scales = Object.keys(own(options));
      return Object.fromEntries([
        ...names.map((name) => [name, rule]),
        ...scales.map((name) => [name, { bounds: positive }]),
      ]);
    },
    sample: {
      ...inner.sample,
      except: [...brokenLaws, ...(suffix ? (['variance'] as const) : (quantizer.except ?? []))],
    },
    ...(inner.isScaled && { isScaled: inner.isScaled }),
    ...(inner.pool && { pool: inner.pool }),
    ...(inner.isOwn && { isOwn: true }),
  };
}
