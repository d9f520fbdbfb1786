import type { Law } from '@funhash/hashing/testing';
import { LawError } from '@funhash/hashing/testing';
import fc from 'fast-check';
import type { Sequence } from '../observation/sequences.ts';
import { Coverage } from '../probe/coverage.ts';
import type { CoverageProbe } from '../probe/probe.ts';
import { minimalSuite } from '../suite/minimal-suite.ts';

const runs = { seed: 1, numRuns: 25 } as const;

function require(law: string, holds: boolean, expected: string): void {
  if (!holds) throw new LawError({ operation: law, expected, actual: 'something else' });
}

/**
 * Laws of coverage under a probe, your own metrics among them: more tests never cover less, merging is commutative,
 * associative and idempotent and equals covering all at once, JSON loses nothing, a feature is covered exactly where its
 * fitness is at most 0, a minimal suite covers the same and can spare no test.
 *
 * @param tests at least one; subsets of them are drawn
 */
export function coverageLaws(probe: CoverageProbe, tests: readonly Sequence[]): readonly Law[] {
  const measured = probe.measure(tests);
  const cover = (chosen: readonly number[]): Coverage => {
    const coverage = probe.empty();
    for (const k of chosen) probe.add(coverage, measured, k);
    return coverage;
  };
  const some = fc.array(fc.nat(tests.length - 1), { maxLength: 8 });
  const law = (name: string, check: () => void): Law => ({ name, check });
  return [
    law('coverage never falls when tests are added', () =>
      fc.assert(
        fc.property(some, some, (first, more) => {
          const [before, after] = [cover(first), cover([...first, ...more])];
          require('coverage never falls', after.merge(before).equals(after), 'all features of fewer tests');
        }),
        runs,
      ),
    ),
    law('merging is commutative, associative and idempotent', () =>
      fc.assert(
        fc.property(some, some, some, (a, b, c) => {
          const [x, y, z] = [cover(a), cover(b), cover(c)];
          require('merge', x.merge(y).equals(y.merge(x)), 'the same in either order');
          require('merge', x
            .merge(y)
            .merge(z)
            .equals(x.merge(y.merge(z))), 'the same in any grouping');
          require('merge', x.merge(x).equals(x), 'a set merged with itself unchanged');
          require('merge', x.merge(y).equals(cover([...a, ...b])), 'what all tests cover at once');
        }),
        runs,
      ),
    ),
    law('JSON loses nothing', () =>
      fc.assert(
        fc.property(some, (a) => {
          const coverage = cover(a);
          const read = Coverage.from(JSON.parse(JSON.stringify(coverage)));
          require('JSON', read.equals(coverage) && read.count === coverage.count, 'the same coverage');
        }),
        runs,
      ),
    ),
    law('covered exactly where fitness is at most 0', () => {
      const { positions } = measured;
      for (const { id, dims, features, cover: coverOf, fitness } of probe.metrics)
        for (let k = 0; k < tests.length; k++) {
          const position = (positions.get(id) as Float64Array).subarray(k * dims, (k + 1) * dims);
          const covered = new Set<number>();
          coverOf(position, (feature) => covered.add(feature));
          for (let feature = 0; feature < features; feature++)
            require(`fitness of ${id}`, fitness(position, feature) <= 0 ===
              covered.has(feature), `feature ${feature} of test ${k} covered where its fitness says so`);
        }
    }),
    law('a minimal suite covers the same, and can spare no test', () =>
      fc.assert(
        fc.property(some, (chosen) => {
          const kept = minimalSuite(chosen.map((k) => cover([k])));
          const whole = cover(chosen);
          const ofKept = kept.map((k) => chosen[k] as number);
          require('minimal suite', cover(ofKept).equals(whole), 'the same coverage');
          for (const k of ofKept.keys())
            require('minimal suite', !cover(ofKept.toSpliced(k, 1)).equals(whole), 'no test too many');
        }),
        runs,
      ),
    ),
  ];
}
