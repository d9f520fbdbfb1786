import { checkOptions } from '@funhash/hashing';
import { binarize, newCursor, newEntries } from './levels/binarize.ts';
import { flagContext } from './levels/contexts.ts';
import {
  codedLevels,
  type LevelOptions,
  layoutOf,
  levelRules,
  requireLevels,
} from './levels/level-options.ts';
import { toScan } from './levels/scan.ts';

/** What levels are to the coder. */
export interface LevelStatistics {
  /** Binary decisions with a context, and without. */
  readonly bins: number;
  readonly bypassBits: number;
  /** Bits of all of them by the frequencies in each context: what a coder that knew those would need. */
  readonly entropyBits: number;
}

/**
 * Counts the binary decisions of a tensor of levels and measures their entropy given the contexts of the coder, to which
 * the length of a codeword can be compared.
 *
 * @throws ArgumentError as `CodewordWriter.levels`
 */
export function levelStatistics(levels: Int32Array, options: LevelOptions = {}): LevelStatistics {
  const operation = 'levelStatistics';
  requireLevels(operation, levels);
  checkOptions(operation, levelRules, options);
  const layout = layoutOf(operation, levels.length, options);
  const { greaterFlags, dependent } = layout;
  const coded = codedLevels(operation, toScan(levels, layout.extents, layout.scan), dependent);
  const counts = new Float64Array(2 * flagContext(greaterFlags));
  const entries = newEntries(greaterFlags);
  const cursor = newCursor();
  let bypassBits = 0;
  while (cursor.at < coded.length) {
    const count = binarize(coded, coded.length, greaterFlags, dependent ? coded : undefined, cursor, entries);
    for (let k = 0; k < count; k++) {
      const entry = entries[k] as number;
      if (entry < 0) {
        bypassBits -= entry;
        k++;
      } else counts[entry] = (counts[entry] as number) + 1;
    }
  }
  let bins = 0;
  let entropyBits = bypassBits;
  for (let c = 0; c < counts.length; c += 2) {
    const [zeros, ones] = [counts[c] as number, counts[c + 1] as number];
    const all = zeros + ones;
    bins += all;
    for (const part of [zeros, ones]) if (part > 0) entropyBits += part * Math.log2(all / part);
  }
  return { bins, bypassBits, entropyBits };
}
