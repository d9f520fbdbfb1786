import { quantize } from '@funhash/autodiff';
import { learnedStep, levelsOf } from '@funhash/autodiff/op-parts';
import type { Tensor } from '@funhash/tensor';
import { type FormulaOptions, type OptionSchema, type OptionValues, structural } from '../options.ts';
import type { MatrixShape, SchemeDefinition, StoredArray } from '../scheme.ts';
import { virtualOf } from '../virtual-of.ts';
import { measuredStd } from '../weight/measured-std.ts';
import { startStep } from '../weight/start-step.ts';
import { overSchemes, type QuantizerFunction } from '../wrappers/over-scheme.ts';
import { dense } from './dense.ts';

type Definition = SchemeDefinition<OptionSchema>;
type Values = Readonly<Record<string, Float64Array>>;
type Stored = Readonly<Record<string, Tensor>>;
type Rounding = MatrixShape & { readonly options: OptionValues<OptionSchema> };

const options = { bits: structural.integer({ least: 2, most: 8, default: 6 }) };

const stepOf = (name: string): string => `${name}Step`;
const bitsIn = (values: OptionValues<OptionSchema> | FormulaOptions<OptionSchema>): number =>
  (values as { readonly bits: number }).bits;

/**
 * Any scheme with its stored values as whole numbers times a learned step: each array w that it stores becomes wStep · k, k the whole
 * number nearest to w / wStep within −2^(bits − 1) and 2^(bits − 1) − 1 = Q. Files hold the levels k, entropy-coded, and `rate`
 * prices them. Steps start at 2·E|w| / √Q.
 *
 *     new Dense({ in: 784, out: 1000, weight: levels({ bits: 6 }, hashedNet({ ratio: 1 / 8 })) })
 *
 * `lsq` rounds entries of the matrix; this rounds what they are decoded from. The second argument is by default one value for
 * each entry, where both are the same.
 */
export const levels: QuantizerFunction<typeof options> = overSchemes(
  'levels',
  options,
  dense,
  definitionOver,
);

function definitionOver(inner: Definition): Definition {
  const arraysOf = (values: OptionValues<OptionSchema>, shape: MatrixShape): string[] =>
    Object.keys(inner.stored(values, shape));
  const startSteps = (values: Values, bits: number): Values =>
    Object.fromEntries(
      Object.entries(values).map(([name, array]) => [stepOf(name), Float64Array.of(startStep(array, bits))]),
    );
  // Products by contraction and rows at once see the arrays already rounded.
  const rounded = (stored: Stored, { options: values, rows, cols }: Rounding): Stored => {
    const names = Object.keys(stored).filter((name) => stepOf(name) in stored);
    return Object.fromEntries(
      names.map((name) => {
        const array = stored[name] as Tensor;
        const step = stored[stepOf(name)] as Tensor;
        return [
          name,
          quantize(array, step, { ...levelsOf(bitsIn(values), { signed: true }), count: rows * cols }),
        ];
      }),
    );
  };
  const { apply, rowsAt, fit } = inner;
  return {
    kind: inner === dense.definition ? 'levels' : `levels(${inner.kind})`,
    source: `Esser et al. 2020, arXiv:1902.08153, eq. 1 to 3, on stored values; ${inner.source}`,
    options: { ...inner.options, ...options },
    plan: (request) => {
      const { budget, given, rows, cols } = request;
      const planned = inner.plan(request);
      if (budget === undefined) return planned;
      const defaults = Object.entries(inner.options).map(([name, { default: value }]) => [name, value]);
      const steps = arraysOf(
        { ...Object.fromEntries(defaults), ...given, ...planned },
        { rows, cols },
      ).length;
      return inner.plan({ ...request, budget: budget - steps });
    },
    stored: (values, shape) => ({
      ...inner.stored(values, shape),
      ...Object.fromEntries(arraysOf(values, shape).map((name) => [stepOf(name), [1]])),
    }),
    initialize: (request) => {
      const { options: given, shared } = request;
      const matrix = virtualOf(inner, given, request);
      const values = inner.initialize({
        ...request,
        measureStd: (found) => measuredStd(matrix, { ...found, ...shared }),
      });
      return { ...values, ...startSteps(values, bitsIn(request.options)) };
    },
    entry: (entry, stored, values) => {
      const count = entry.rows.asReal().times(entry.cols.asReal());
      const terms = { ...levelsOf(bitsIn(values), { signed: true }), count };
      const names = Object.keys(stored).filter((name) => stepOf(name) in stored);
      const arrays = names.map((name): [string, StoredArray] => {
        const step = (stored[stepOf(name)] as StoredArray).at(0);
        return [name, { at: (index) => learnedStep((stored[name] as StoredArray).at(index), step, terms) }];
      });
      return inner.entry(entry, Object.fromEntries(arrays), values);
    },
    rules: (values, shape) => {
      const own = inner.rules?.(values, shape) ?? {};
      const bounds = levelsOf(bitsIn(values), { signed: true });
      return Object.fromEntries(
        arraysOf(values, shape).flatMap((name) => [
          [name, { ...own[name], multiples: { of: stepOf(name), ...bounds } }],
          [stepOf(name), { bounds: [2 ** -30, 2 ** 30] as const }],
        ]),
      );
    },
    ...(apply && {
      apply: (x, stored, application) => apply(x, rounded(stored, application), application),
    }),
    ...(rowsAt && {
      rowsAt: (stored, request) => rowsAt(rounded(stored, request), request),
    }),
    ...(fit && {
      fit: (request) => {
        const values = fit(request);
        return { ...values, ...startSteps(values, bitsIn(request.options)) };
      },
    }),
    sample: {
      ...inner.sample,
      except: ['adjoint', 'second', 'projection', 'reach', 'variance'],
    },
    ...(inner.isScaled && { isScaled: inner.isScaled }),
    ...(inner.isOwn && { isOwn: true }),
  };
}
