import { ArgumentError } from '@funhash/hashing';
import { CoverageError } from '../errors.ts';
import { Coverage } from '../probe/coverage.ts';

/** Least coverage by metric, from 0 to 1: `{ bc: 0.5, tc: 0.2 }`. */
export type CoverageGoals = Readonly<Record<string, number>>;

/**
 * Refuses coverage that stays below a goal.
 *
 * @throws CoverageError with what was reached and what was to be reached; ArgumentError for goals that are no shares
 */
export function requireCoverage(coverage: Coverage, goals: CoverageGoals): void {
  const missed = missedGoals(coverage, goals);
  if (missed.length === 0) return;
  throw new CoverageError({
    operation: 'requireCoverage',
    expected: missed.map(({ id, goal }) => `${id} ≥ ${goal}`).join(', '),
    actual: missed.map(({ id, ratio }) => `${id} ${ratio.toFixed(4)}`).join(', '),
    remedy: 'Add tests that do something new, or ask for less.',
  });
}

function missedGoals(coverage: Coverage, goals: CoverageGoals) {
  if (!(coverage instanceof Coverage))
    throw new ArgumentError({
      operation: 'requireCoverage',
      expected: 'coverage, such as probe.cover(tests)',
      actual: typeof coverage,
    });
  return Object.entries(goals).flatMap(([id, goal]) => {
    if (!(goal >= 0 && goal <= 1))
      throw new ArgumentError({
        operation: 'requireCoverage',
        expected: `${id}: a share from 0 to 1`,
        actual: String(goal),
      });
    const { ratio } = coverage.of(id);
    return ratio < goal ? [{ id, goal, ratio }] : [];
  });
}

/**
 * Matchers for vitest and jest: `expect.extend(coverageMatchers)`, then
 * `expect(probe.cover(tests)).toReachCoverage({ bc: 0.5 })`.
 */
export const coverageMatchers = {
  /** Passes where each metric reaches its goal. */
  toReachCoverage(received: Coverage, goals: CoverageGoals): { readonly pass: boolean; message(): string } {
    const missed = missedGoals(received, goals);
    const shown = Object.entries(received.ratios).map(([id, ratio]) => `${id} ${ratio.toFixed(4)}`);
    return {
      pass: missed.length === 0,
      message: () =>
        `Coverage is ${shown.join(', ')}; ${
          missed.length === 0
            ? 'it was to stay below the goals.'
            : `to be reached: ${missed.map(({ id, goal }) => `${id} ≥ ${goal}`).join(', ')}.`
        }`,
    };
  },
};
