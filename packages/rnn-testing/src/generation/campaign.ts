import { checkOptions, type OptionsOf, option, random } from '@funhash/hashing';
import { ReplayError, SequenceError } from '../errors.ts';
import { gaussianNoise } from '../mutation/images.ts';
import type { Mutation } from '../mutation/mutation.ts';
import { type Sequences, sequenceList } from '../observation/sequences.ts';
import type { NaturalTest } from '../oracle/natural.ts';
import { normBall, type Oracle } from '../oracle/oracle.ts';
import { Coverage, type CoverageJson } from '../probe/coverage.ts';
import { batchesOf, type CoverageProbe, type Measured } from '../probe/probe.ts';
import { Archive, type Test } from './archive.ts';
import { type StoredSequence, sequenceFrom, storedSequence } from './stored.ts';
import {
  type SearchView,
  type SeedRecord,
  type Strategy,
  type StrategyName,
  strategyOf,
} from './strategies.ts';
import { Tallied, type Tally } from './tally.ts';

const mutationRule = option.that<Mutation>(
  'a mutation, such as gaussianNoise()',
  (value) => typeof (value as Mutation | null)?.mutate === 'function',
);

const rules = {
  /** Sequences with their right classes: those that the model gets wrong are left out. */
  seeds: option.required(option.any<Sequences>('sequences with labels')),
  /** `random`, `genetic`, `guided` (default), or a strategy of your own. */
  strategy: option.any<StrategyName | Strategy>(),
  /** How tests are made from seeds. Default gaussianNoise(). */
  mutation: mutationRule,
  /** How tests are made from good tests by a search. Default: as `mutation`. */
  searchMutation: mutationRule,
  /** How far tests may lie from their seeds. Default normBall(), as published. */
  oracle: option.that<Oracle>(
    'an oracle, such as normBall()',
    (value) => typeof (value as Oracle | null)?.distance === 'function',
  ),
  /** Whether tests are drawn back into the radius. Default true; else those outside count for coverage alone. */
  project: option.flag(),
  /** Says of adversarial examples whether they could have been data. Default: not asked. */
  isNatural: option.callable<NaturalTest>(),
  /** Decides all draws. Default 0. */
  seed: option.integer(),
  /** Tests made in a round. Default 400. */
  batchSize: option.integer({ least: 4, most: 2 ** 16 }),
  /** A state as `campaign.state()` gave it, of a campaign with the same options: it goes on as if it had never stopped. */
  state: option.any<CampaignState>(),
};

/** Options of `rnnTest`. */
export type CampaignOptions = OptionsOf<typeof rules>;

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
  readonly records: readonly (readonly [place: number, margin: number, failed: boolean])[];
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

/** A search for tests, round after round. */
export interface Campaign {
  readonly probe: CoverageProbe;
  readonly oracle: Oracle;
  readonly strategy: string;
  /** Seeds that the model gets right, and how many it got wrong. */
  readonly seeds: readonly Test[];
  readonly wrongSeeds: number;
  readonly executions: number;
  readonly coverage: Coverage;
  /** Tests that covered something new, in the order of coming. */
  readonly kept: readonly KeptTest[];
  /** Nearest adversarial example of each seed that failed. */
  readonly adversarial: readonly Adversarial[];
  readonly history: readonly CampaignPoint[];
  readonly tally: Tally;
  /** One round: makes tests, runs them, judges them. */
  step(): CampaignPoint;
  /** Rounds until so many tests were run in all. The event loop is left free between them. */
  run(executions: number): AsyncGenerator<CampaignPoint>;
  /** Everything that is needed to go on. */
  state(): CampaignState;
}

/**
 * Searches for tests that raise coverage and change classes.
 *
 *     const campaign = rnnTest(probe, { seeds: test, strategy: 'guided', oracle: normBall({ norm: 'max', radius: 0.1, perChanged: false }) });
 *     for await (const { executions, coverage, failingSeeds } of campaign.run(10_000)) …
 *
 * @throws SequenceError for seeds without labels, of a single class, or all of which the model gets wrong
 */
export function rnnTest(probe: CoverageProbe, options: CampaignOptions): Campaign {
  checkOptions('rnnTest', rules, options);
  return new Search(probe, options);
}

class Search implements Campaign {
  readonly probe: CoverageProbe;
  readonly oracle: Oracle;
  readonly seeds: readonly Test[];
  readonly wrongSeeds: number;
  readonly kept: KeptTest[] = [];
  readonly history: CampaignPoint[] = [];
  readonly tally: Tallied;
  coverage: Coverage;
  executions = 0;
  readonly #options: CampaignOptions;
  readonly #strategy: Strategy;
  readonly #labels: readonly number[];
  readonly #archive: Archive;
  readonly #records: SeedRecord[];
  readonly #failures = new Map<number, Adversarial>();
  #round = 0;
  #adversarialCount = 0;

  constructor(probe: CoverageProbe, options: CampaignOptions) {
    this.probe = probe;
    this.#options = options;
    this.oracle = options.oracle ?? normBall();
    this.#strategy = strategyOf(options.strategy ?? 'guided');
    this.coverage = probe.empty();
    this.tally = new Tallied(probe);
    this.#archive = new Archive(probe.metrics);
    const { seeds, labels, margins, wrong } = rightSeeds(probe, options.seeds);
    this.seeds = seeds;
    this.#labels = labels;
    this.wrongSeeds = wrong;
    this.#records = seeds.map((test, k) => ({ test, margin: margins[k] as number, failed: false }));
    if (options.state !== undefined) this.#restore(options.state);
  }

  get strategy(): string {
    return this.#strategy.name;
  }

  get adversarial(): readonly Adversarial[] {
    return [...this.#failures].sort(([a], [b]) => a - b).map(([, failure]) => failure);
  }

  get #view(): SearchView {
    const { mutation = gaussianNoise(), searchMutation = mutation, batchSize = 400 } = this.#options;
    return {
      probe: this.probe,
      archive: this.#archive,
      seeds: this.seeds,
      records: this.#records,
      executions: this.executions,
      batchSize,
      mutation,
      searchMutation,
    };
  }

  step(): CampaignPoint {
    const { seed = 0, project = true } = this.#options;
    const { inputShape, window } = this.probe;
    // Decided by the seed and the round alone: a campaign that was stopped goes on with the same draws.
    const draws = random(seed).fork('round').fork(this.#round);
    const proposals = this.#strategy.propose(this.#view, draws);
    const place = { inputShape, padding: window.padding };
    const tests = proposals.map(({ parent, mutation }): Test => {
      const { seed: from } = parent;
      const mutant = mutation.mutate(parent, draws, place);
      const origin = this.seeds[from] as Test;
      return { ...(project ? this.oracle.project(origin, mutant, inputShape) : mutant), seed: from };
    });
    const measured = this.probe.measure(tests);
    for (const [k, test] of tests.entries()) this.#take(measured, k, test);
    this.tally.add(measured);
    this.#archive.update(this.probe, this.coverage, measured, tests);
    this.executions += tests.length;
    this.#strategy.learn?.(this.#view, tests, measured);
    this.#round++;
    const point = {
      executions: this.executions,
      coverage: this.coverage.ratios,
      failingSeeds: this.#failures.size,
      adversarial: this.#adversarialCount,
    };
    this.history.push(point);
    return point;
  }

  #take(measured: Measured, k: number, test: Test): void {
    const execution = this.executions + k + 1;
    const raised: Record<string, number> = {};
    this.probe.add(this.coverage, measured, k, ({ id }) => {
      raised[id] = (raised[id] ?? 0) + 1;
    });
    if (Object.keys(raised).length > 0) this.kept.push({ test, execution, raised });
    this.#judge(test, measured.answers[k] as number, measured.margins[k] as number, execution);
  }

  #judge(test: Test, answer: number, margin: number, execution: number): void {
    const { project = true, isNatural } = this.#options;
    const { inputShape } = this.probe;
    const label = this.#labels[test.seed] as number;
    const seed = this.seeds[test.seed] as Test;
    const record = this.#records[test.seed] as SeedRecord;
    const isWrong = answer !== label;
    // Where nothing can come of it no distance is computed.
    if (!isWrong && (record.failed || margin >= record.margin)) return;
    const isInside = project || this.oracle.distance(seed, test, inputShape) <= this.oracle.radius;
    if (!isInside) return;
    if (!isWrong) {
      this.#records[test.seed] = { ...record, test, margin };
      return;
    }
    this.#adversarialCount++;
    const distance = this.oracle.distance(seed, test, inputShape);
    const known = this.#failures.get(test.seed);
    if (known && known.distance <= distance) return;
    this.#records[test.seed] = { test, margin: 0, failed: true };
    this.#failures.set(test.seed, {
      test,
      label,
      answer,
      distance,
      change: largestChange(seed, test),
      execution,
      ...(isNatural && { isNatural: isNatural(test) }),
    });
  }

  async *run(executions: number): AsyncGenerator<CampaignPoint> {
    while (this.executions < executions) {
      yield this.step();
      await new Promise((resume) => setTimeout(resume, 0));
    }
  }

  /** What decides a campaign, besides the model. */
  get #key(): string {
    const { seed = 0, project = true } = this.#options;
    const { batchSize, mutation, searchMutation } = this.#view;
    const { metrics, inputShape } = this.probe;
    return JSON.stringify([
      this.strategy,
      seed,
      project,
      batchSize,
      mutation.name,
      searchMutation.name,
      this.oracle.description,
      inputShape,
      this.seeds.length,
      metrics.map(({ id, features, constants }) => [id, features, constants ?? null]),
    ]);
  }

  state(): CampaignState {
    const tests: (StoredSequence & { seed: number })[] = [];
    const places = new Map<Test, number>();
    const placeOf = (test: Test): number => {
      const known = places.get(test);
      if (known !== undefined) return known;
      places.set(test, tests.length);
      tests.push({ ...storedSequence(test), seed: test.seed });
      return tests.length - 1;
    };
    const { state } = this.#strategy;
    return {
      version: 1,
      key: this.#key,
      executions: this.executions,
      round: this.#round,
      adversarialCount: this.#adversarialCount,
      coverage: this.coverage.toJSON(),
      nearest: this.probe.metrics.flatMap(({ id }) =>
        [...this.#archive.of(id)].map(
          ([feature, { test, fitness }]) => [id, feature, fitness, placeOf(test)] as const,
        ),
      ),
      records: this.#records.map(({ test, margin, failed }, k) => [
        test === this.seeds[k] ? -1 : placeOf(test),
        margin,
        failed,
      ]),
      kept: this.kept.map((one) => ({ ...one, test: placeOf(one.test) })),
      adversarial: this.adversarial.map((one) => ({ ...one, test: placeOf(one.test) })),
      history: [...this.history],
      tally: { hits: this.tally.hits, heat: this.tally.heat },
      strategy: state ? { ...state, population: state.population.map(placeOf) } : null,
      tests,
    };
  }

  #restore(state: CampaignState): void {
    if (state?.version !== 1 || state.key !== this.#key)
      throw new ReplayError({
        operation: 'rnnTest',
        expected:
          'the state of a campaign with the same network, seeds, metrics, strategy, mutations and oracle',
        actual: 'another',
        remedy: 'Begin a new campaign, or repeat the options of the one that was stopped.',
      });
    const size = this.probe.inputShape.reduce((product, extent) => product * extent, 1);
    try {
      const tests = state.tests.map((one): Test => {
        if (!this.seeds[one.seed]) throw new RangeError(`seed ${one.seed}`);
        return { ...sequenceFrom(one, size), seed: one.seed };
      });
      const at = (place: number): Test => {
        const test = tests[place];
        if (!test) throw new RangeError(`test ${place}`);
        return test;
      };
      this.coverage = this.probe.empty().merge(Coverage.from(state.coverage));
      for (const [metric, feature, fitness, place] of state.nearest)
        this.#archive.restore(metric, feature, { fitness, test: at(place) });
      state.records.forEach(([place, margin, failed], k) => {
        this.#records[k] = { test: place < 0 ? (this.seeds[k] as Test) : at(place), margin, failed };
      });
      for (const one of state.kept) this.kept.push({ ...one, test: at(one.test) });
      for (const one of state.adversarial) {
        const test = at(one.test);
        this.#failures.set(test.seed, { ...one, test });
      }
      for (const point of state.history) this.history.push(point);
      this.tally.restore(state.tally);
      this.executions = state.executions;
      this.#round = state.round;
      this.#adversarialCount = state.adversarialCount;
      if (state.strategy)
        this.#strategy.state = { ...state.strategy, population: state.strategy.population.map(at) };
    } catch (cause) {
      if (cause instanceof ReplayError) throw cause;
      throw new ReplayError(
        { operation: 'rnnTest', expected: 'the state of a campaign', actual: `a damaged one: ${cause}` },
        { cause },
      );
    }
  }
}

function largestChange(seed: Test, test: Test): number {
  let most = 0;
  test.values.forEach((value, k) => {
    most = Math.max(most, Math.abs(value - (seed.values[k] as number)));
  });
  return most;
}

/** Seeds that the model gets right. */
function rightSeeds(probe: CoverageProbe, given: Sequences) {
  const { items, labels } = sequenceList('rnnTest', given);
  const refuse = (expected: string, actual: string): never => {
    throw new SequenceError({ operation: 'rnnTest', expected, actual });
  };
  if (!labels) return refuse('seeds with their right classes as labels', 'none');
  if (new Set(Array.from(labels)).size < 2) return refuse('seeds of at least two classes', 'those of one');
  const found = { seeds: [] as Test[], labels: [] as number[], margins: [] as number[], wrong: 0 };
  let at = 0;
  for (const batch of batchesOf(items, probe.batchSize)) {
    const { answers, margins } = probe.measure(batch);
    for (const [k, sequence] of batch.entries()) {
      const label = labels[at++] as number;
      if (answers[k] !== label) {
        found.wrong++;
        continue;
      }
      found.labels.push(label);
      found.margins.push(margins[k] as number);
      found.seeds.push({ ...sequence, seed: found.seeds.length });
    }
  }
  if (found.seeds.length === 0)
    return refuse('seeds that the model gets right', `${found.wrong} that it gets wrong`);
  return found;
}
