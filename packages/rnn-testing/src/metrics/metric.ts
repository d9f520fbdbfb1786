import { checkOptions, type OptionRules, type OptionsOf, option } from '@funhash/hashing';
import { type AggregateName, aggregates, type Reading } from '../observation/reading.ts';
import type { ConstantOptions, Constants } from './constants.ts';

const commonRules = {
  /** What is looked at, such as `1.hidden`, `1.cell` or `1.gate.forget`. Default: the last hidden state. */
  signal: option.text(),
  /** How units become ξ: `net`, `parts` or `mean`. Default: `mean` of gates, `net` of states. */
  aggregate: option.oneOf(Object.keys(aggregates) as AggregateName[]),
};

type CommonOptions = OptionsOf<typeof commonRules>;

/** What a metric asks for, as JSON: its id, its options, its signal. */
export interface MetricRequest {
  readonly metric: string;
  readonly signal?: string;
  readonly aggregate?: AggregateName;
  readonly [option: string]: unknown;
}

/** What a metric is bound to. */
export interface MetricPlace<O> {
  readonly options: O;
  readonly aggregate: AggregateName;
  /** Steps of the window, and the number of the first. */
  readonly steps: number;
  readonly first: number;
  readonly units: number;
  /** Constants of training data; given for metrics that state `fits`. */
  readonly constants: Constants;
}

/** A metric over the behaviour of one signal: which features a test covers, and how far it is from others. */
export interface BoundMetric {
  /** Number of features. */
  readonly features: number;
  /** Numbers in a position. */
  readonly dims: number;
  /** Whether each feature is a step, and a position its normalised values: reports draw heat maps of them. */
  readonly isPerStep?: boolean;
  /** Name of a feature: `step 7`, `abcba`, `unit 5 above 0`. */
  label(feature: number): string;
  /** The positions of all tests of a reading, [count, dims]: what decides the features that they cover. */
  measure(reading: Reading): Float64Array;
  /** Calls with each feature that a position covers. */
  cover(position: Float64Array, add: (feature: number) => void): void;
  /** How far a position is from covering a feature: at most 0 where it does. */
  fitness(position: Float64Array, feature: number): number;
}

/** A kind of metric: `boundaryCoverage({ threshold: 0.6 })` is a request for it. */
export interface Metric<O = object> {
  (options?: O & CommonOptions): MetricRequest;
  /** Short name: `bc`. */
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly options: OptionRules;
  /** Values whose constants on training data it needs. */
  readonly fits: ((reading: Reading, aggregate: AggregateName) => Float64Array) | undefined;
  /** How constants are taken. */
  constantOptions(request: MetricRequest): ConstantOptions;
  bind(place: MetricPlace<MetricRequest>): BoundMetric;
}

const definitionRules = {
  id: option.required(option.text()),
  title: option.required(option.text()),
  source: option.required(option.text()),
  options: option.required(
    option.that<OptionRules>(
      'rules by option',
      (value) =>
        typeof value === 'object' &&
        value !== null &&
        Object.values(value).every((rule) => typeof rule?.accepts === 'function'),
    ),
  ),
  fits: option.callable(),
  bind: option.required(option.callable()),
} as const;

/** States a metric. */
export function defineMetric<const R extends OptionRules>(definition: {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly options: R;
  readonly fits?: (reading: Reading, aggregate: AggregateName) => Float64Array;
  readonly bind: (place: MetricPlace<OptionsOf<R>>) => BoundMetric;
}): Metric<OptionsOf<R>> {
  checkOptions('defineMetric', definitionRules, definition);
  const { id, title, source, options: rules, fits, bind } = definition;
  const options = { ...commonRules, ...rules };
  const request = (given: OptionsOf<R> & CommonOptions = {} as OptionsOf<R>): MetricRequest => {
    checkOptions(title, options, given);
    return { metric: id, ...given };
  };
  return Object.assign(request, {
    id,
    title,
    source,
    options,
    fits,
    constantOptions: ({ per, top }: MetricRequest) => ({ per, top }) as ConstantOptions,
    bind: (place: MetricPlace<MetricRequest>) => bind(place as unknown as MetricPlace<OptionsOf<R>>),
  }) as Metric<OptionsOf<R>>;
}
