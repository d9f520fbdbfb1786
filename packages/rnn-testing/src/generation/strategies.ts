import { ArgumentError, type Random } from '@funhash/hashing';
import type { Mutation } from '../mutation/mutation.ts';
import type { CoverageProbe, MeasuredTests } from '../probe/probe.ts';
import { positionOf } from '../probe/probe.ts';
import type { Archive, Test } from './archive.ts';

/** What a search knows of a seed: its nearest test to another class inside the oracle's radius. */
export interface SeedRecord {
  readonly test: Test;
  /** Lead of the right class for the test. */
  readonly margin: number;
  /** Whether a test of it inside the radius got another class. */
  readonly failed: boolean;
}

/** What a strategy sees when it proposes tests. */
export interface SearchView {
  readonly probe: CoverageProbe;
  readonly archive: Archive;
  readonly seeds: readonly Test[];
  readonly records: readonly SeedRecord[];
  readonly executions: number;
  /** Tests to propose at most. */
  readonly batchSize: number;
  readonly mutation: Mutation;
  /** The stronger mutation of a search that starts from good tests. */
  readonly searchMutation: Mutation;
}

/** A test to be made: a parent, and how it is changed. */
export interface Proposal {
  readonly parent: Test;
  readonly mutation: Mutation;
}

/** Source of new tests. Its state is JSON but for tests, which the campaign stores. */
export interface Strategy {
  readonly name: string;
  /** @returns at least one proposal */
  propose(view: SearchView, random: Random): readonly Proposal[];
  /** Learns what became of the proposals. */
  learn?(view: SearchView, tests: readonly Test[], measured: MeasuredTests): void;
  /** What it keeps between rounds. */
  state?: StrategyState | undefined;
}

/** The search for one feature, between generations. */
export interface StrategyState {
  readonly metric: string;
  readonly feature: number;
  readonly generation: number;
  readonly population: readonly Test[];
}

const pick = <T>(list: readonly T[], random: Random): T => list[random.integer(list.length)] as T;

/** Mutants of seeds drawn at random. */
function randomStrategy(): Strategy {
  return { name: 'random', propose: (view, random) => mutantsOfSeeds(view, random, view.batchSize) };
}

const mutantsOfSeeds = ({ seeds, mutation }: SearchView, random: Random, count: number): Proposal[] =>
  Array.from({ length: count }, () => ({ parent: pick(seeds, random), mutation }));

/** Random tests first, then one uncovered feature of a random metric after the other. */
const [warmUp, generations, parents] = [1000, 10, 4] as const;

/**
 * The published search, with all of its executions counted: after 1 000 random tests it picks an uncovered feature of a
 * metric, mutates the test nearest to it, keeps the 4 fittest of each generation, and goes on with another feature when it is
 * covered or after 10 generations.
 */
function geneticStrategy(): Strategy {
  const strategy: Strategy = {
    name: 'genetic',
    state: undefined,
    propose(view, random) {
      if (view.executions < warmUp) return mutantsOfSeeds(view, random, view.batchSize);
      strategy.state ??= newTarget(view, random);
      const { state } = strategy;
      if (!state) return mutantsOfSeeds(view, random, view.batchSize);
      const each = Math.max(1, Math.floor(view.batchSize / parents));
      return state.population.flatMap((parent) =>
        Array.from({ length: each }, () => ({ parent, mutation: view.searchMutation })),
      );
    },
    learn(view, tests, measured) {
      const { state } = strategy;
      if (!state || view.executions <= warmUp) return;
      const metric = view.probe.metrics.find(({ id }) => id === state.metric);
      if (!metric) return;
      const fitness = (k: number): number =>
        metric.fitness(positionOf(metric, measured.positions, k), state.feature);
      const ranked = tests
        .map((test, k) => ({ test, fitness: fitness(k) }))
        .sort((a, b) => a.fitness - b.fitness)
        .slice(0, parents);
      const isOver = (ranked[0]?.fitness ?? 0) <= 0 || state.generation + 1 >= generations;
      strategy.state = isOver
        ? undefined
        : { ...state, generation: state.generation + 1, population: ranked.map(({ test }) => test) };
    },
  };
  return strategy;
}

function newTarget({ probe, archive }: SearchView, random: Random): StrategyState | undefined {
  const open = probe.metrics.map(({ id }) => id).filter((id) => archive.of(id).size > 0);
  if (open.length === 0) return undefined;
  const metric = pick(open, random);
  const [feature, { test }] = pick([...archive.of(metric)], random);
  return { metric, feature, generation: 0, population: [test] };
}

/**
 * A search for both, coverage and failing seeds. Half of the tests go to seeds that have not failed, those nearest to another
 * class first: the mutant with the least margin so far is mutated on. The other half goes to all uncovered features at
 * once: each test is one mutant of the archive's nearest test to a feature, and updates the nearest tests of every other
 * feature too, where the genetic search looks at one feature for up to 10 generations.
 */
function guidedStrategy(): Strategy {
  return {
    name: 'guided',
    propose(view, random) {
      const { executions, batchSize, records, archive, probe, searchMutation, mutation } = view;
      if (executions === 0) return mutantsOfSeeds(view, random, batchSize);
      const alive = records.filter(({ failed }) => !failed).sort((a, b) => a.margin - b.margin);
      const open = probe.metrics.map(({ id }) => id).filter((id) => archive.of(id).size > 0);
      const dug = alive.length === 0 ? 0 : open.length === 0 ? batchSize : Math.ceil(batchSize / 2);
      const digging = Array.from({ length: dug }, (): Proposal => {
        // The square draws those with the least margin more often, and leaves none out.
        const record = alive[Math.floor(alive.length * random.uniform() ** 2)] as SeedRecord;
        return { parent: record.test, mutation: random.uniform() < 0.5 ? mutation : searchMutation };
      });
      if (open.length === 0) return digging.length > 0 ? digging : mutantsOfSeeds(view, random, batchSize);
      const nearest = open.map((id) => [...archive.of(id).values()].sort((a, b) => a.fitness - b.fitness));
      const covering = Array.from({ length: batchSize - dug }, (): Proposal => {
        const list = pick(nearest, random);
        const { test } = list[Math.floor(list.length * random.uniform() ** 2)] as { test: Test };
        return { parent: test, mutation: random.uniform() < 0.5 ? mutation : searchMutation };
      });
      return [...digging, ...covering];
    },
  };
}

/** Every strategy by its name. */
export const strategies = {
  random: randomStrategy,
  genetic: geneticStrategy,
  guided: guidedStrategy,
} as const satisfies Readonly<Record<string, () => Strategy>>;

export type StrategyName = keyof typeof strategies;

/** @throws ArgumentError for a name that is none */
export function strategyOf(choice: StrategyName | Strategy): Strategy {
  if (typeof choice === 'object' && choice !== null && typeof choice.propose === 'function') return choice;
  if (typeof choice === 'string' && Object.hasOwn(strategies, choice))
    return strategies[choice as StrategyName]();
  throw new ArgumentError({
    operation: 'rnnTest',
    expected: `a strategy: ${Object.keys(strategies).join(', ')}, or one of your own`,
    actual: String(choice),
  });
}
