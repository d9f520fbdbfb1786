import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { countRules, seedRule } from '../define-dataset.ts';
import type { GreyImage } from '../images/grey-image.ts';
import { loadPngFolder } from '../images/png-folder.ts';

/** Options of every data set that a seed draws. */
export const drawnRules = {
  /** Decides every sample. Default 0. */
  seed: seedRule(),
  /** Training images, validation included: by convention its last sixth. Default 12 000. */
  trainCount: countRules.trainCount,
  /** Test images. Default 50 000. */
  testCount: countRules.testCount,
};

/** Options of every data set whose images have patches of photographs in them. */
export const patchRules = {
  ...drawnRules,
  /** Folder of PNG photographs to cut patches from. Default: generated images. */
  backgroundsDir: option.text(),
};

const rules = {
  ...drawnRules,
  /**
   * Photographs to cut patches from; half of the images serves train, half test. Default: 20 generated images,
   * which the data set's name then says.
   */
  backgrounds: option.any<readonly GreyImage[]>(),
};

/** Options of `variation` and `shapes`. */
export type VariationOptions = OptionsOf<typeof rules>;

/** The options of `variation` and `shapes` for those of a data set: photographs are read. */
export async function withBackgrounds({
  backgroundsDir,
  ...options
}: OptionsOf<typeof patchRules>): Promise<VariationOptions> {
  return backgroundsDir === undefined
    ? options
    : { ...options, backgrounds: await loadPngFolder(backgroundsDir) };
}

/**
 * Counts of the options, or their defaults.
 *
 * @throws ArgumentError for unknown options, and counts that exceed `available` together
 */
export function countsOf(
  operation: string,
  options: VariationOptions,
  available = Number.MAX_SAFE_INTEGER,
): { trainCount: number; testCount: number } {
  checkOptions(operation, rules, options);
  const { trainCount = 12_000, testCount = 50_000 } = options;
  if (trainCount + testCount > available) {
    throw new ArgumentError({
      operation,
      expected: `trainCount and testCount, together at most ${available}`,
      actual: `${trainCount} and ${testCount}`,
    });
  }
  return { trainCount, testCount };
}
