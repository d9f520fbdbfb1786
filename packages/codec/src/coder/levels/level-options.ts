import { ArgumentError, type OptionsOf, option, shownValue } from '@funhash/hashing';
import type { LevelCoding } from '../engine/codeword-decoder.ts';
import { halve } from './dependent-levels.ts';
import { type Extents, extentsOf, type Scan, segmentOf } from './scan.ts';

/** Most "greater" flags of a level: more than 256 the standard cannot say. */
export const mostGreaterFlags = 256;
/** Most elements of a tensor, and largest extent. */
export const mostElements = 2 ** 31 - 1;

const extent = option.integer({ least: 0, most: mostElements });

/** What a codeword does not tell: whoever decodes must be told the same. */
export const levelRules = {
  /** Extents of the tensor; its first one counts rows. Default: one row for each level. */
  shape: option.list(extent, { most: 64 }),
  /** "Greater" flags in front of the remainder of a level, 1 to 256. Default 11, that of the standard's reference coder. */
  greaterFlags: option.integer({ least: 1, most: mostGreaterFlags }),
  /** Whether the levels are those of dependent quantisation: `quantizeDependent`. Default false. */
  dependent: option.flag(),
  /** Order of levels: 0 row by row, 1 to 4 in blocks of 8, 16, 32, 64. Default 0. */
  scan: option.oneOf<Scan>([0, 1, 2, 3, 4]),
} as const;

/** How levels are coded; see the fields. */
export type LevelOptions = OptionsOf<typeof levelRules>;

export const writingRules = {
  ...levelRules,
  /** Whether the parameter set of each context is chosen by a pass over all levels: slower, mostly smaller. Default true. */
  optimize: option.flag(),
  /** Whether choices are those of the standard's reference coder, byte for byte: with `dependent` larger by up to 4 %. Default false. */
  reference: option.flag(),
} as const;

/** How levels are encoded; see the fields. */
export type WritingOptions = OptionsOf<typeof writingRules>;

export interface Layout extends LevelCoding {
  readonly extents: Extents;
  readonly scan: Scan;
}

/** Checked options with their defaults, for so many levels. */
export function layoutOf(
  operation: string,
  count: number,
  { shape = [count], greaterFlags = 11, dependent = false, scan = 0 }: LevelOptions,
): Layout {
  const product = shape.reduce((a, b) => a * b, 1);
  if (product !== count)
    throw new ArgumentError({
      operation,
      expected: `as many levels as shape [${shape.join(', ')}] has elements, ${product}`,
      actual: String(count),
    });
  const extents = extentsOf(shape);
  return { greaterFlags, dependent, segment: segmentOf(extents, scan), extents, scan };
}

/** Refuses what is no levels. @throws ArgumentError */
export function requireLevels(operation: string, levels: unknown): asserts levels is Int32Array {
  if (!(levels instanceof Int32Array))
    throw new ArgumentError({ operation, expected: 'levels in an Int32Array', actual: shownValue(levels) });
  const least = levels.indexOf(-(2 ** 31));
  if (least >= 0)
    throw new ArgumentError({ operation, expected: 'levels above −2^31', actual: `−2^31 at index ${least}` });
}

/**
 * Levels as they are coded, in the order of the scan: halved where they are dependent.
 *
 * @throws ArgumentError for levels that no trellis admits
 */
export function codedLevels(operation: string, scanned: Int32Array, dependent: boolean): Int32Array {
  if (!dependent) return scanned;
  const coded = new Int32Array(scanned.length);
  const at = halve(scanned, coded);
  if (at < 0) return coded;
  throw new ArgumentError({
    operation,
    expected: 'levels of dependent quantisation',
    actual: `${scanned[at]} in a state that admits ${(scanned[at] as number) & 1 ? 'even' : 'odd'} ones`,
    remedy: 'Make levels by quantizeDependent, or leave out dependent.',
  });
}
