import { checkArgument, option, requireBytes } from '@funhash/hashing';
import { CoverageError } from '../errors.ts';

/** Set of features of one metric, a bit each. Sets of the same metric merge. */
export class FeatureSet implements Iterable<number> {
  readonly size: number;
  readonly bits: Uint8Array;
  #count: number;

  /** @param size number of features that there are, at most 2^28 */
  constructor(size: number, given?: Uint8Array) {
    checkArgument('FeatureSet', 'size', option.required(option.integer({ most: 2 ** 28 })), size);
    if (given !== undefined) requireBytes('FeatureSet', 'bits', given);
    const bits = given ?? new Uint8Array(Math.ceil(size / 8));
    if (
      bits.length !== Math.ceil(size / 8) ||
      (size % 8 !== 0 && (bits.at(-1) as number) >> (size % 8) !== 0)
    )
      throw new CoverageError({
        operation: 'FeatureSet',
        expected: `the bits of ${size} features`,
        actual: `${bits.length} bytes, or bits beyond the last feature`,
      });
    this.size = size;
    this.bits = bits;
    this.#count = 0;
    if (given) for (let byte of bits) for (; byte !== 0; byte &= byte - 1) this.#count++;
  }

  /** Number of features in the set. */
  get count(): number {
    return this.#count;
  }

  /** Share of the features that are in the set, from 0 to 1. */
  get ratio(): number {
    return this.size === 0 ? 1 : this.#count / this.size;
  }

  has(feature: number): boolean {
    return (((this.bits[feature >> 3] as number) >> (feature & 7)) & 1) === 1;
  }

  /** Puts a feature in, and says whether it is new. */
  add(feature: number): boolean {
    if (!(feature >= 0 && feature < this.size))
      throw new CoverageError({
        operation: 'FeatureSet.add',
        expected: `a feature below ${this.size}`,
        actual: String(feature),
      });
    if (this.has(feature)) return false;
    this.bits[feature >> 3] = (this.bits[feature >> 3] as number) | (1 << (feature & 7));
    this.#count++;
    return true;
  }

  /** All features of either set, as a new one. @throws CoverageError for a set of another size */
  union(other: FeatureSet): FeatureSet {
    this.#requireSameSize('union', other);
    return new FeatureSet(
      this.size,
      this.bits.map((byte, k) => byte | (other.bits[k] as number)),
    );
  }

  /** Features of this set that are not in the other, as a new one. */
  without(other: FeatureSet): FeatureSet {
    this.#requireSameSize('without', other);
    return new FeatureSet(
      this.size,
      this.bits.map((byte, k) => byte & ~(other.bits[k] as number)),
    );
  }

  /** Whether both hold the same features. */
  equals(other: FeatureSet): boolean {
    return this.size === other.size && this.bits.every((byte, k) => byte === other.bits[k]);
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let feature = 0; feature < this.size; feature++) if (this.has(feature)) yield feature;
  }

  #requireSameSize(operation: string, { size }: FeatureSet): void {
    if (size === this.size) return;
    throw new CoverageError({
      operation: `FeatureSet.${operation}`,
      expected: `a set of ${this.size} features, of the same metric`,
      actual: `one of ${size}`,
      remedy: 'Merge coverage of the same metrics with the same options and window.',
    });
  }
}
