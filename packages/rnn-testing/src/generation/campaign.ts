import { checkOptions, type OptionsOf, option, random } from '@funhash/hashing';
import { gaussianNoise } from '../mutation/images.ts';
import type { Mutation } from '../mutation/mutation.ts';
import type { Sequences } from '../observation/sequences.ts';
import type { NaturalTest } from '../oracle/natural.ts';
import { normBall, type Oracle } from '../oracle/oracle.ts';
import type { Coverage } from '../probe/coverage.ts';
import type { CoverageProbe } from '../probe/probe.ts';
import type { Test } from './archive.ts';
import {
  type Adversarial,
  type CampaignPoint,
  type CampaignState,
  type KeptTest,
  newProgress,
  type Progress,
  progressFrom,
  stateOf,
} from './campaign-state.ts';
import {
  type ChunkContext,
  type ChunkJob,
  type ChunkResult,
  chunkSize,
  joinedChunks,
  type MutationRole,
  runChunk,
} from './chunk.ts';
import { rightSeeds } from './seeds.ts';
import {
  type Proposal,
  type SearchView,
  type SeedRecord,
  type Strategy,
  type StrategyName,
  strategyOf,
} from './strategies.ts';
import type { Tally } from './tally.ts';

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
  /**
   * Carries a part of a round out elsewhere, such as in a worker thread by `campaignWorker`: several are asked for at once. Results
   * are those of this thread, bit for bit, on an equal backend. Default: all is done here.
   */
  carryOut: option.callable<(job: ChunkJob) => Promise<ChunkResult>>(),
  /** A state as `campaign.state()` gave it, of a campaign with the same options: it goes on as if it had never stopped. */
  state: option.any<CampaignState>(),
};

/** Options of `rnnTest`. */
export type CampaignOptions = OptionsOf<typeof rules>;

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
  /** One round: makes tests, runs them, judges them. A round that fails changes nothing. */
  step(): Promise<CampaignPoint>;
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
  readonly #options: CampaignOptions;
  readonly #strategy: Strategy;
  readonly #context: ChunkContext;
  readonly #mutations: Readonly<Record<MutationRole, Mutation>>;
  readonly #progress: Progress;

  constructor(probe: CoverageProbe, options: CampaignOptions) {
    this.probe = probe;
    this.#options = options;
    this.oracle = oracleOf(options);
    this.#mutations = mutationsOf(options);
    this.#strategy = strategyOf(options.strategy ?? 'guided');
    const { seeds, labels, records, wrong } = rightSeeds(probe, options.seeds);
    this.seeds = seeds;
    this.#context = contextOf(probe, options, seeds, labels);
    this.wrongSeeds = wrong;
    this.#progress = newProgress(probe, records);
    if (options.state === undefined) return;
    const { progress, strategy } = progressFrom(options.state, { key: this.#key, seeds, probe });
    this.#progress = progress;
    if (strategy) this.#strategy.state = strategy;
  }

  get strategy(): string {
    return this.#strategy.name;
  }

  get executions(): number {
    return this.#progress.executions;
  }

  get coverage(): Coverage {
    return this.#progress.coverage;
  }

  get kept(): readonly KeptTest[] {
    return this.#progress.kept;
  }

  get history(): readonly CampaignPoint[] {
    return this.#progress.history;
  }

  get tally(): Tally {
    return this.#progress.tally;
  }

  get adversarial(): readonly Adversarial[] {
    return [...this.#progress.failures].sort(([a], [b]) => a - b).map(([, failure]) => failure);
  }

  get #view(): SearchView {
    const { batchSize = 400 } = this.#options;
    const { mutation, searchMutation } = this.#mutations;
    const { archive, records, executions } = this.#progress;
    const { probe, seeds } = this;
    return { probe, archive, seeds, records, executions, batchSize, mutation, searchMutation };
  }

  async step(): Promise<CampaignPoint> {
    const progress = this.#progress;
    const { seed } = this.#context;
    // Decided by the seed and the round alone: a campaign that was stopped goes on with the same draws.
    const proposals = this.#strategy.propose(
      this.#view,
      random(seed).fork('round').fork(progress.round).fork('proposals'),
    );
    const chunks: Promise<ChunkResult>[] = [];
    for (let k = 0; k < proposals.length; k += chunkSize)
      chunks.push(this.#resultOf(proposals.slice(k, k + chunkSize), chunks.length));
    const result = joinedChunks(await Promise.all(chunks));
    const { tests } = result;
    for (const k of tests.keys()) this.#take(result, k);
    progress.tally.add(result);
    progress.archive.update(this.probe, progress.coverage, result, tests);
    progress.executions += tests.length;
    this.#strategy.learn?.(this.#view, tests, result);
    progress.round++;
    const point = {
      executions: progress.executions,
      coverage: progress.coverage.ratios,
      failingSeeds: progress.failures.size,
      adversarial: progress.adversarialCount,
    };
    progress.history.push(point);
    return point;
  }

  async #resultOf(proposals: readonly Proposal[], place: number): Promise<ChunkResult> {
    const { round } = this.#progress;
    const { carryOut } = this.#options;
    const parents = proposals.map(({ parent }) => parent);
    const roles = proposals.map(({ mutation }) => roleOf(mutation, this.#mutations));
    // A strategy's own mutation is known here alone.
    if (carryOut && roles.every((role) => role !== undefined))
      return carryOut({ round, place, parents, mutations: roles });
    const mutations = proposals.map(({ mutation }) => mutation);
    return runChunk(this.#context, { round, place, parents, mutations });
  }

  #take(result: ChunkResult, k: number): void {
    const { executions, coverage, kept } = this.#progress;
    const test = result.tests[k] as Test;
    const execution = executions + k + 1;
    const raised: Record<string, number> = {};
    this.probe.add(coverage, result, k, ({ id }) => {
      raised[id] = (raised[id] ?? 0) + 1;
    });
    if (Object.keys(raised).length > 0) kept.push({ test, execution, raised });
    this.#judge(result, k, execution);
  }

  #judge({ tests, answers, margins, distances }: ChunkResult, k: number, execution: number): void {
    const { isNatural } = this.#options;
    const { records, failures } = this.#progress;
    const { project, labels } = this.#context;
    const test = tests[k] as Test;
    const [answer, margin] = [answers[k] as number, margins[k] as number];
    const label = labels[test.seed] as number;
    const seed = this.seeds[test.seed] as Test;
    const record = records[test.seed] as SeedRecord;
    if (answer === label) {
      // Where nothing can come of it no distance is computed.
      if (record.failed || margin >= record.margin) return;
      const isInside =
        project || this.oracle.distance(seed, test, this.probe.inputShape) <= this.oracle.radius;
      if (isInside) records[test.seed] = { ...record, test, margin };
      return;
    }
    const distance = distances[k] as number;
    if (!project && distance > this.oracle.radius) return;
    this.#progress.adversarialCount++;
    const known = failures.get(test.seed);
    if (known && known.distance <= distance) return;
    records[test.seed] = { test, margin: 0, failed: true };
    failures.set(test.seed, {
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
      yield await this.step();
      await new Promise((resume) => setTimeout(resume, 0));
    }
  }

  /** What decides a campaign, besides the model. */
  get #key(): string {
    const { seed, project } = this.#context;
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
    return stateOf(this.#key, this.seeds, this.#progress, this.#strategy.state);
  }
}

const oracleOf = ({ oracle = normBall() }: CampaignOptions): Oracle => oracle;

function mutationsOf(options: CampaignOptions): Readonly<Record<MutationRole, Mutation>> {
  const { mutation = gaussianNoise(), searchMutation = mutation } = options;
  return { mutation, searchMutation };
}

function contextOf(
  probe: CoverageProbe,
  options: CampaignOptions,
  seeds: readonly Test[],
  labels: readonly number[],
): ChunkContext {
  const { project = true, seed = 0 } = options;
  return { probe, seeds, labels, oracle: oracleOf(options), project, seed };
}

function roleOf(mutation: Mutation, own: Readonly<Record<MutationRole, Mutation>>): MutationRole | undefined {
  return (['mutation', 'searchMutation'] as const).find((role) => own[role] === mutation);
}

/**
 * Answers jobs of a campaign that runs in another thread, on a model, seeds and options that are the same.
 *
 *     const carryOut = campaignWorker(probe, { seeds, mutation, oracle });
 *     parentPort.on('message', (job) => parentPort.postMessage(carryOut(job)));
 *
 * @throws SequenceError as `rnnTest`
 */
export function campaignWorker(
  probe: CoverageProbe,
  options: CampaignOptions,
): (job: ChunkJob) => ChunkResult {
  checkOptions('campaignWorker', rules, options);
  const { seeds, labels } = rightSeeds(probe, options.seeds);
  const context = contextOf(probe, options, seeds, labels);
  const own = mutationsOf(options);
  return ({ mutations, ...job }) =>
    runChunk(context, { ...job, mutations: mutations.map((role) => own[role]) });
}

function largestChange(seed: Test, test: Test): number {
  let most = 0;
  test.values.forEach((value, k) => {
    most = Math.max(most, Math.abs(value - (seed.values[k] as number)));
  });
  return most;
}
