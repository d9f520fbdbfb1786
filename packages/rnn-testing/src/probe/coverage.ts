import { shownValue } from '@funhash/hashing';
import { CoverageError } from '../errors.ts';
import { FeatureSet } from './feature-set.ts';

/** Coverage as JSON: for each metric the number of features, and the bits of those covered, as hexadecimal text. */
export type CoverageJson = Readonly<Record<string, { readonly size: number; readonly bits: string }>>;

/** Features that tests covered, for each metric of a probe. Adding tests never takes a feature away. */
export class Coverage {
  readonly sets: ReadonlyMap<string, FeatureSet>;

  constructor(sets: ReadonlyMap<string, FeatureSet>) {
    this.sets = sets;
  }

  /** The features of one metric. @throws CoverageError for a metric that was not asked for */
  of(metric: string): FeatureSet {
    const set = this.sets.get(metric);
    if (set) return set;
    throw new CoverageError({
      operation: 'Coverage.of',
      expected: `one of ${[...this.sets.keys()].join(', ')}`,
      actual: metric,
    });
  }

  /** Covered share of the features of each metric, from 0 to 1. */
  get ratios(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.sets].map(([id, { ratio }]) => [id, ratio]));
  }

  /** Covered features of all metrics together. */
  get count(): number {
    let count = 0;
    for (const set of this.sets.values()) count += set.count;
    return count;
  }

  /** What either covers. @throws CoverageError for coverage of other metrics */
  merge(other: Coverage): Coverage {
    const [own, theirs] = [this, other].map(({ sets }) => [...sets.keys()].sort().join(', '));
    if (own !== theirs)
      throw new CoverageError({
        operation: 'Coverage.merge',
        expected: `coverage of ${own}`,
        actual: `coverage of ${theirs}`,
      });
    return new Coverage(new Map([...this.sets].map(([id, set]) => [id, set.union(other.of(id))])));
  }

  /** Whether both cover the same. */
  equals(other: Coverage): boolean {
    return (
      this.sets.size === other.sets.size &&
      [...this.sets].every(([id, set]) => other.sets.get(id)?.equals(set))
    );
  }

  toJSON(): CoverageJson {
    return Object.fromEntries(
      [...this.sets].map(([id, { size, bits }]) => [id, { size, bits: hexOf(bits) }]),
    );
  }

  /** Coverage from its JSON. @throws CoverageError where it is damaged */
  static from(json: CoverageJson): Coverage {
    const sets: unknown = json;
    if (typeof sets !== 'object' || sets === null)
      throw new CoverageError({
        operation: 'Coverage.from',
        expected: 'sets of features by metric',
        actual: shownValue(sets),
      });
    return new Coverage(
      new Map(Object.entries(json).map(([id, set]) => [id, new FeatureSet(set?.size, bytesOf(set?.bits))])),
    );
  }
}

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

function bytesOf(hex: string): Uint8Array {
  if (typeof hex !== 'string' || !/^([0-9a-f]{2})*$/.test(hex))
    throw new CoverageError({
      operation: 'Coverage.from',
      expected: 'bits as hexadecimal text',
      actual: shownValue(hex),
    });
  return Uint8Array.from({ length: hex.length / 2 }, (_, k) =>
    Number.parseInt(hex.slice(2 * k, 2 * k + 2), 16),
  );
}
