import {
  checkOptions,
  FunhashError,
  type OptionRule,
  type OptionRules,
  option,
  shownValue,
} from '@funhash/hashing';
import { ReplayError } from '../errors.ts';
import { Coverage, type CoverageJson } from '../probe/coverage.ts';
import type { CoverageProbe } from '../probe/probe.ts';
import { Archive, type Test } from './archive.ts';
import { damagedState, type StoredSequence, sequenceFrom, storedSequence } from './stored.ts';
import type { SeedRecord, StrategyState } from './strategies.ts';
import { Tallied, type Tally } from './tally.ts';

/** A test inside the radius whose class is not that of its seed. */
export interface Adversarial {
  readonly test: Test;
  /** Class of the seed, and of the test. */
  readonly label: number;
  readonly answer: number;
  readonly distance: number;
  /** Largest absolute change of a value. */
  readonly change: number;
  readonly execution: number;
  /** Whether it stays within limits of data, where that was asked. */
  readonly isNatural?: boolean;
}

/** A test that covered something new. */
export interface KeptTest {
  readonly test: Test;
  readonly execution: number;
  /** New features by metric. */
  readonly raised: Readonly<Record<string, number>>;
}

/** Numbers after a round. */
export interface CampaignPoint {
  readonly executions: number;
  /** Covered share by metric. */
  readonly coverage: Readonly<Record<string, number>>;
  /** Distinct seeds that failed, and adversarial examples in all. */
  readonly failingSeeds: number;
  readonly adversarial: number;
}

/** A campaign as JSON. */
export interface CampaignState {
  readonly version: 1;
  readonly key: string;
  readonly executions: number;
  readonly round: number;
  readonly adversarialCount: number;
  readonly coverage: CoverageJson;
  readonly tests: readonly (StoredSequence & { readonly seed: number })[];
  /** Nearest tests: metric, feature, fitness, place in `tests`. */
  readonly nearest: readonly (readonly [string, number, number, number])[];
  readonly records: readonly (readonly [place: number, margin: number | null, failed: boolean])[];
  readonly kept: readonly (Omit<KeptTest, 'test'> & { readonly test: number })[];
  readonly adversarial: readonly (Omit<Adversarial, 'test'> & { readonly test: number })[];
  readonly history: readonly CampaignPoint[];
  readonly tally: Tally;
  readonly strategy: {
    readonly metric: string;
    readonly feature: number;
    readonly generation: number;
    readonly population: readonly number[];
  } | null;
}

/** What a campaign has come to. */
export interface Progress {
  executions: number;
  round: number;
  adversarialCount: number;
  readonly coverage: Coverage;
  readonly archive: Archive;
  /** One for each seed. */
  readonly records: SeedRecord[];
  readonly kept: KeptTest[];
  /** Nearest adversarial example by the place of its seed. */
  readonly failures: Map<number, Adversarial>;
  readonly history: CampaignPoint[];
  readonly tally: Tallied;
}

/** What a campaign begins with. */
export function newProgress(probe: CoverageProbe, records: readonly SeedRecord[]): Progress {
  return {
    executions: 0,
    round: 0,
    adversarialCount: 0,
    coverage: probe.empty(),
    archive: new Archive(probe.metrics),
    records: [...records],
    kept: [],
    failures: new Map(),
    history: [],
    tally: new Tallied(probe.metrics),
  };
}

/** Progress as JSON: each test once. @param key what decides the campaign, besides its model */
export function stateOf(
  key: string,
  seeds: readonly Test[],
  progress: Progress,
  strategy: StrategyState | undefined,
): CampaignState {
  const tests: (StoredSequence & { seed: number })[] = [];
  const places = new Map<Test, number>();
  const placeOf = (test: Test): number => {
    const known = places.get(test);
    if (known !== undefined) return known;
    places.set(test, tests.length);
    tests.push({ ...storedSequence(test), seed: test.seed });
    return tests.length - 1;
  };
  const { executions, round, adversarialCount, coverage, archive, records, kept, failures, history, tally } =
    progress;
  return {
    version: 1,
    key,
    executions,
    round,
    adversarialCount,
    coverage: coverage.toJSON(),
    nearest: archive.entries.map(
      ([metric, feature, { test, fitness }]) => [metric, feature, fitness, placeOf(test)] as const,
    ),
    records: records.map(({ test, margin, failed }, k) => [
      test === seeds[k] ? -1 : placeOf(test),
      margin,
      failed,
    ]),
    kept: kept.map((one) => ({ ...one, test: placeOf(one.test) })),
    adversarial: [...failures.values()].map((one) => ({ ...one, test: placeOf(one.test) })),
    history: [...history],
    tally: { hits: tally.hits, heat: tally.heat },
    strategy: strategy ? { ...strategy, population: strategy.population.map(placeOf) } : null,
    tests,
  };
}

/**
 * Progress and state of the strategy from JSON, which is taken as hostile.
 *
 * @throws ReplayError for another campaign, or a damaged state
 */
export function progressFrom(
  state: CampaignState,
  {
    key,
    seeds,
    probe,
  }: { readonly key: string; readonly seeds: readonly Test[]; readonly probe: CoverageProbe },
): { readonly progress: Progress; readonly strategy: StrategyState | undefined } {
  if (state?.version !== 1 || state.key !== key)
    throw new ReplayError({
      operation: 'rnnTest',
      expected:
        'the state of a campaign with the same network, seeds, metrics, strategy, mutations and oracle',
      actual: 'another',
      remedy: 'Begin a new campaign, or repeat the options of the one that was stopped.',
    });
  try {
    checkOptions('the state', stateRules(state, seeds.length, probe), state);
    const progress = newProgress(probe, []);
    const { coverage, archive, records, kept, failures, history, tally } = progress;
    const tests = state.tests.map((one) => testFrom(one, seeds, probe));
    const at = (place: number): Test => tests[place] as Test;
    const before = coverage.merge(Coverage.from(state.coverage));
    for (const [metric, feature, fitness, place] of state.nearest)
      archive.restore(metric, feature, { fitness, test: at(place) });
    state.records.forEach(([place, margin, failed], k) => {
      const test = place < 0 ? (seeds[k] as Test) : at(place);
      // JSON has no NaN.
      records.push({ test, margin: margin ?? Number.NaN, failed });
    });
    for (const one of state.kept) kept.push({ ...one, test: at(one.test) });
    for (const one of state.adversarial) {
      const test = at(one.test);
      failures.set(test.seed, { ...one, test });
    }
    for (const point of state.history) history.push(point);
    tally.restore(state.tally);
    const { executions, round, adversarialCount, strategy } = state;
    return {
      progress: { ...progress, executions, round, adversarialCount, coverage: before },
      strategy: strategy ? { ...strategy, population: strategy.population.map(at) } : undefined,
    };
  } catch (cause) {
    if (!(cause instanceof FunhashError) || cause instanceof ReplayError) throw cause;
    throw damagedState(cause.details, { cause });
  }
}

function testFrom(
  stored: CampaignState['tests'][number],
  seeds: readonly Test[],
  { inputShape }: CoverageProbe,
): Test {
  const seed = seeds[stored?.seed];
  if (!seed || stored.type !== storedSequence(seed).type)
    throw damagedState({
      expected: `tests of seeds below ${seeds.length}, of their type`,
      actual: shownValue(stored),
    });
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  return { ...sequenceFrom(stored, size), seed: stored.seed };
}

const whole = option.integer({ most: Number.MAX_SAFE_INTEGER });

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const byMetric = (item: OptionRule) =>
  option.required(
    option.that(
      `${item.expected} by metric`,
      (value) => isRecord(value) && Object.values(value).every(item.accepts),
    ),
  );

const tuple = (expected: string, items: readonly OptionRule[], holds = (_: readonly unknown[]) => true) =>
  option.that(
    expected,
    (value) =>
      Array.isArray(value) &&
      value.length === items.length &&
      items.every((item, k) => item.accepts(value[k])) &&
      holds(value),
  );

/** An object with fields by rules, and perhaps more. */
const object = (
  expected: string,
  fields: OptionRules,
  holds = (_: Readonly<Record<string, unknown>>) => true,
) =>
  option.that(
    expected,
    (value) =>
      isRecord(value) &&
      Object.entries(fields).every(([name, field]) =>
        value[name] === undefined ? !field.isRequired : field.accepts(value[name]),
      ) &&
      holds(value),
  );

function stateRules({ tests }: CampaignState, seeds: number, { metrics }: CoverageProbe): OptionRules {
  const features = new Map(metrics.map((metric) => [metric.id, metric.features]));
  const isFeature = (metric: unknown, feature: unknown): boolean =>
    whole.accepts(feature) && (feature as number) < (features.get(metric as string) ?? 0);
  const needed = option.required;
  const list = (item: OptionRule, least = 0, most = Number.POSITIVE_INFINITY) =>
    needed(option.list(item, { least, most }));
  const places = Array.isArray(tests) ? tests.length : 0;
  const place = needed(option.integer({ most: places - 1 }));
  const text = needed(option.text());
  const [count, real, flag] = [needed(whole), needed(option.real()), needed(option.flag())];
  const margin = option.that<number | null>('a margin', (value) => value === null || Number.isFinite(value));
  const own = option.integer({ least: -1, most: places - 1 });
  return {
    version: needed(option.any()),
    key: text,
    ...{ executions: count, round: count, adversarialCount: count },
    coverage: needed(option.any()),
    tests: list(option.any()),
    nearest: list(
      tuple('metric, feature, fitness, test', [text, whole, option.real(), place], ([metric, feature]) =>
        isFeature(metric, feature),
      ),
    ),
    records: list(tuple('test, margin, failed', [own, margin, flag]), seeds, seeds),
    kept: list(object('a kept test', { test: place, execution: count, raised: byMetric(whole) })),
    adversarial: list(
      object('an adversarial example', {
        ...{ test: place, label: count, answer: count, distance: real, change: real, execution: count },
        isNatural: option.flag(),
      }),
    ),
    history: list(
      object('a point', {
        ...{ executions: count, failingSeeds: count, adversarial: count },
        coverage: byMetric(option.real()),
      }),
    ),
    tally: needed(option.any()),
    strategy: option.that(
      'a search for a feature, or null',
      (value) =>
        value === null ||
        object(
          '',
          {
            metric: text,
            feature: count,
            generation: count,
            population: needed(option.list(place, { least: 1 })),
          },
          ({ metric, feature }) => isFeature(metric, feature),
        ).accepts(value),
    ),
  };
}
