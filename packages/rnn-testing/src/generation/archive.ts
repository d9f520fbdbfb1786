import type { Sequence } from '../observation/sequences.ts';
import type { Coverage } from '../probe/coverage.ts';
import { type CoverageProbe, type MeasuredTests, type PlacedMetric, positionOf } from '../probe/probe.ts';

/** A test and the place of the seed that it was made from. */
export interface Test extends Sequence {
  readonly seed: number;
}

/** The test nearest to a feature that nothing covers yet. */
export interface Nearest {
  readonly test: Test;
  /** How far it is from covering the feature, above 0. */
  readonly fitness: number;
}

/** The fittest test for every feature that is not covered. */
export class Archive {
  readonly #nearest: ReadonlyMap<string, Map<number, Nearest>>;

  constructor(metrics: readonly PlacedMetric[]) {
    this.#nearest = new Map(metrics.map(({ id }) => [id, new Map()]));
  }

  /** Features of a metric for which there is a test to start from. */
  of(metric: string): ReadonlyMap<number, Nearest> {
    return this.#nearest.get(metric) ?? new Map();
  }

  /** All entries: metric, feature, test. */
  get entries(): readonly (readonly [metric: string, feature: number, nearest: Nearest])[] {
    return [...this.#nearest].flatMap(([metric, features]) =>
      [...features].map(([feature, nearest]) => [metric, feature, nearest] as const),
    );
  }

  /** Takes measured tests in, after their features were added to the coverage. */
  update(
    { metrics }: CoverageProbe,
    coverage: Coverage,
    measured: MeasuredTests,
    tests: readonly Test[],
  ): void {
    for (const metric of metrics) {
      const nearest = this.#nearest.get(metric.id) as Map<number, Nearest>;
      const covered = coverage.of(metric.id);
      for (const feature of nearest.keys()) if (covered.has(feature)) nearest.delete(feature);
      const missing = Array.from({ length: metric.features }, (_, k) => k).filter((k) => !covered.has(k));
      for (const [k, test] of tests.entries()) {
        const position = positionOf(metric, measured.positions, k);
        for (const feature of missing) {
          const fitness = metric.fitness(position, feature);
          const best = nearest.get(feature);
          if (fitness < (best?.fitness ?? Infinity)) nearest.set(feature, { test, fitness });
        }
      }
    }
  }

  /** Puts a stored entry back. */
  restore(metric: string, feature: number, nearest: Nearest): void {
    this.#nearest.get(metric)?.set(feature, nearest);
  }
}
