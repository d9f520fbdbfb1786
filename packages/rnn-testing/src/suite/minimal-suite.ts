import { checkArgument, option } from '@funhash/hashing';
import { Coverage } from '../probe/coverage.ts';
import type { FeatureSet } from '../probe/feature-set.ts';

const coveragesRule = option.list(option.that<Coverage>('a Coverage', (value) => value instanceof Coverage));

/**
 * Few tests that cover what all cover: greedy, each next test the one that adds most; then tests that the others make
 * superfluous are left out. No test of the answer can be spared; that no smaller suite exists is not promised, the question
 * being NP-hard.
 *
 * @param coverages of each test alone
 * @returns places of the tests, ascending
 */
export function minimalSuite(coverages: readonly Coverage[]): readonly number[] {
  checkArgument('minimalSuite', 'coverages', coveragesRule, coverages);
  const [first] = coverages;
  if (!first) return [];
  // One list of numbers for each test: features of all metrics, one behind the other.
  const features = coverages.map((coverage) =>
    featureList([...first.sets.keys()].map((id) => coverage.of(id))),
  );
  const missing = new Set(features.flat());
  const chosen: number[] = [];
  const left = new Set(coverages.keys());
  // What a test adds only falls: a test that added less than the best so far need not be asked again.
  const gains = features.map(({ length }) => length);
  while (missing.size > 0) {
    let best = -1;
    const order = [...left].sort((a, b) => (gains[b] as number) - (gains[a] as number) || a - b);
    for (const k of order) {
      if (best >= 0 && (gains[k] as number) <= (gains[best] as number)) break;
      gains[k] = (features[k] as number[]).reduce((sum, feature) => sum + Number(missing.has(feature)), 0);
      if (best < 0 || (gains[k] as number) > (gains[best] as number)) best = k;
    }
    chosen.push(best);
    left.delete(best);
    for (const feature of features[best] as number[]) missing.delete(feature);
  }
  return withoutSpare(chosen, features).sort((a, b) => a - b);
}

function withoutSpare(chosen: readonly number[], features: readonly (readonly number[])[]): number[] {
  const times = new Map<number, number>();
  const count = (k: number, by: number): void => {
    for (const feature of features[k] as number[]) times.set(feature, (times.get(feature) ?? 0) + by);
  };
  for (const k of chosen) count(k, 1);
  return chosen.filter((k) => {
    const isSpare = (features[k] as number[]).every((feature) => (times.get(feature) as number) > 1);
    if (isSpare) count(k, -1);
    return !isSpare;
  });
}

function featureList(sets: readonly FeatureSet[]): number[] {
  let base = 0;
  return sets.flatMap((set) => {
    const own = [...set].map((feature) => base + feature);
    base += set.size;
    return own;
  });
}
