import {
  ArgumentError,
  checkOptions,
  joinArrays,
  type OptionsOf,
  option,
  refuseUnknown,
} from '@funhash/hashing';
import type { Model } from '@funhash/layers';
import { NoRecurrentLayerError } from '../errors.ts';
import { coverageMetrics } from '../metrics/all-metrics.ts';
import { type Constants, constantsOf, requireConstants } from '../metrics/constants.ts';
import type { BoundMetric, Metric, MetricRequest } from '../metrics/metric.ts';
import {
  defaultSignal,
  isGate,
  type Observation,
  observe,
  type Signal,
  signalsOf,
} from '../observation/observe.ts';
import type { AggregateName, Reading } from '../observation/reading.ts';
import { type Sequence, type SequenceList, type Sequences, sequenceList } from '../observation/sequences.ts';
import { type StepWindow, stepWindow, windowRules } from '../observation/window.ts';
import { Coverage } from './coverage.ts';
import { FeatureSet } from './feature-set.ts';

const rules = {
  /** Sequences that constants are taken from: their number decides what coverage means, so it is kept beside them. */
  training: option.required(option.any<Sequences>('sequences')),
  /**
   * Constants by the ids of metrics, as another probe of the model had them (`metric.constants`): then `training` says what
   * sequences are like, and one is enough. Default: taken from `training`.
   */
  constants: option.any<Readonly<Record<string, Constants | undefined>>>('constants by the ids of metrics'),
  /** Metrics. Default: all, with their defaults. */
  metrics: option.list(
    option.that<MetricRequest>('a request such as boundaryCoverage()', (value) => {
      const { metric } = (value ?? {}) as Partial<MetricRequest>;
      return typeof metric === 'string' && Object.hasOwn(coverageMetrics, metric);
    }),
    { least: 1 },
  ),
  /** Sequences in a forward pass. Default 250; changes speed only. */
  batchSize: option.count(),
  ...windowRules,
};

/** Options of `coverageProbe`. */
export type ProbeOptions = OptionsOf<typeof rules>;

/** One metric on one signal of a model. */
export interface PlacedMetric extends BoundMetric {
  /** Short name of the metric; with its signal where that is another than the default, `bc@1.cell`. */
  readonly id: string;
  readonly title: string;
  readonly request: MetricRequest;
  readonly signal: string;
  readonly aggregate: AggregateName;
  readonly constants: Constants | undefined;
}

/** What a batch of tests did: positions of each metric, beside what was observed. */
export interface Measured extends Observation {
  /** Positions of all tests by the id of a metric, [count, dims]. */
  readonly positions: ReadonlyMap<string, Float64Array>;
}

/** What a batch of tests did, without the readings that it was measured from. */
export type MeasuredTests = Omit<Measured, 'readings'>;

/** Metrics bound to a model and to constants of training data. */
export interface CoverageProbe {
  readonly model: Model;
  readonly inputShape: readonly number[];
  readonly signals: readonly Signal[];
  readonly window: StepWindow;
  readonly metrics: readonly PlacedMetric[];
  readonly batchSize: number;
  /** Coverage of nothing. */
  empty(): Coverage;
  /**
   * Runs tests in one forward pass.
   *
   * @param model that runs them; constants stay those of the probe's own, which is the default
   */
  measure(tests: readonly Sequence[], model?: Model): Measured;
  /** Adds what a test of a measured batch covers; calls with each feature that is new. */
  add(
    coverage: Coverage,
    measured: MeasuredTests,
    test: number,
    onNew?: (metric: PlacedMetric, feature: number) => void,
  ): void;
  /** The coverage of sequences. @throws SequenceError for sequences that do not fit the model */
  cover(sequences: Sequences): Coverage;
}

/**
 * Binds metrics to a model: finds what its recurrent layers show, and takes constants from training sequences.
 *
 *     const probe = coverageProbe(net, { training, window: [4, 24], metrics: [boundaryCoverage(), temporalCoverage()] });
 *     probe.cover(tests).ratios;
 *
 * @throws NoRecurrentLayerError for a model without one; WindowError for steps outside of the sequences; SequenceError for
 * sequences that do not fit
 */
export function coverageProbe(model: Model, options: ProbeOptions): CoverageProbe {
  const operation = 'coverageProbe';
  checkOptions(operation, rules, options);
  if (typeof (model as Partial<Model> | undefined)?.forward !== 'function')
    throw new ArgumentError({ operation, expected: 'a layer or a network', actual: String(model) });
  const {
    training,
    batchSize = 250,
    metrics: requests = Object.values(coverageMetrics).map((own) => own()),
  } = options;
  const sequences = sequenceList(operation, training);
  const { inputShape } = sequences;
  const signals = signalsOf(model, sequences);
  const usual = defaultSignal(signals);
  const window = stepWindow(operation, usual.steps, options);
  const placed = requests.map((request) => placeOf(request, signals, usual));
  const names = new Set(placed.map(({ signal }) => signal.name));
  const known = options.constants;
  const readings = known ? undefined : readAll(model, sequences, window, { names, batchSize });
  const metrics = placed.map(({ id, metric, request, signal, aggregate }): PlacedMetric => {
    const values = readings && metric.fits?.(readings.get(signal.name) as Reading, aggregate);
    const constants =
      known && metric.fits
        ? requireConstants(operation, id, known[id], window.steps)
        : values && constantsOf(operation, values, window.steps, metric.constantOptions(request));
    const bound = metric.bind({
      options: request,
      aggregate,
      steps: window.steps,
      first: window.first,
      units: signal.units,
      constants: constants as Constants,
    });
    return { ...bound, id, title: metric.title, request, signal: signal.name, aggregate, constants };
  });
  const ids = metrics.map(({ id }) => id);
  const twice = ids.find((id, k) => ids.indexOf(id) !== k);
  if (twice !== undefined)
    throw new ArgumentError({
      operation,
      expected: 'each metric once for a signal',
      actual: `${twice} twice`,
    });
  return bindProbe(model, { inputShape, signals, window, metrics, batchSize, names });
}

function bindProbe(
  model: Model,
  {
    names,
    ...parts
  }: Pick<CoverageProbe, 'inputShape' | 'signals' | 'window' | 'metrics' | 'batchSize'> & {
    readonly names: ReadonlySet<string>;
  },
): CoverageProbe {
  const { inputShape, window, metrics, batchSize } = parts;
  const empty = (): Coverage =>
    new Coverage(new Map(metrics.map(({ id, features }) => [id, new FeatureSet(features)])));
  const measure = (tests: readonly Sequence[], other = model): Measured => {
    const observation = observe(other, inputShape, tests, window, names);
    const positions = new Map(
      metrics.map(({ id, signal, measure }) => [id, measure(observation.readings.get(signal) as Reading)]),
    );
    return { ...observation, positions };
  };
  const add: CoverageProbe['add'] = (coverage, { positions }, test, onNew) => {
    for (const metric of metrics) {
      const set = coverage.of(metric.id);
      metric.cover(positionOf(metric, positions, test), (feature) => {
        if (set.add(feature)) onNew?.(metric, feature);
      });
    }
  };
  return {
    model,
    ...parts,
    empty,
    measure,
    add,
    cover: (sequences) => {
      const { items } = sequenceList('cover', sequences);
      const coverage = empty();
      for (const batch of batchesOf(items, batchSize)) {
        const measured = measure(batch);
        for (let k = 0; k < batch.length; k++) add(coverage, measured, k);
      }
      return coverage;
    },
  };
}

/** The position of one test for a metric. */
export function positionOf(
  { id, dims }: Pick<PlacedMetric, 'id' | 'dims'>,
  positions: ReadonlyMap<string, Float64Array>,
  test: number,
): Float64Array {
  return (positions.get(id) as Float64Array).subarray(test * dims, (test + 1) * dims);
}

export function* batchesOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let k = 0; k < items.length; k += size) yield items.slice(k, k + size);
}

function placeOf(request: MetricRequest, signals: readonly Signal[], usual: Signal) {
  const metric: Metric = coverageMetrics[request.metric as keyof typeof coverageMetrics];
  const { metric: id, ...options } = request;
  refuseUnknown(metric.title, Object.keys(metric.options), options);
  checkOptions(metric.title, metric.options, options);
  const { signal: name = usual.name } = request;
  const signal = signals.find((one) => one.name === name);
  if (!signal)
    throw new NoRecurrentLayerError({
      operation: metric.title,
      expected: `a signal of the model: ${signals.map((one) => one.name).join(', ')}`,
      actual: name,
    });
  return {
    id: name === usual.name ? id : `${id}@${name}`,
    metric,
    request,
    signal,
    aggregate: request.aggregate ?? (isGate(name) ? 'mean' : 'net'),
  } as const;
}

/** Readings of all sequences, batch after batch. */
function readAll(
  model: Model,
  { inputShape, items }: SequenceList,
  window: StepWindow,
  { names, batchSize }: { readonly names: ReadonlySet<string>; readonly batchSize: number },
): ReadonlyMap<string, Reading> {
  const parts = [...batchesOf(items, batchSize)].map(
    (batch) => observe(model, inputShape, batch, window, names).readings,
  );
  return new Map(
    [...names].map((name) => [name, joinedReadings(parts.map((part) => part.get(name) as Reading))]),
  );
}

function joinedReadings(parts: readonly Reading[]): Reading {
  const [{ steps, units }] = parts as [Reading];
  const all = (of: (part: Reading) => Float64Array): Float64Array => joinArrays(Float64Array, parts.map(of));
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    steps,
    units,
    positive: all((part) => part.positive),
    negative: all((part) => part.negative),
    positiveBefore: all((part) => part.positiveBefore),
    negativeBefore: all((part) => part.negativeBefore),
    last: new Float32Array(),
  };
}
