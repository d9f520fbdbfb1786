export { below, signOf } from './below.ts';
export { bytesOf, requireBytes } from './bytes-of.ts';
export { crc32 } from './crc32.ts';
export { deriveSeed, type SeedLabel } from './derive-seed.ts';
export { ArgumentError, type ErrorDetails, FunhashError, OptionError } from './errors.ts';
export { escapeHtml } from './escape-html.ts';
export { type HashFamily, hashFamilies } from './families.ts';
export { joinArrays } from './join-arrays.ts';
export { multiplyShiftFormula, multiplyShiftWords } from './multiply-shift.ts';
export { murmur3Formula, murmur3Mix, murmur3Words } from './murmur3.ts';
export { normalQuantile } from './normal-quantile.ts';
export {
  type Advice,
  checkArgument,
  checkOptions,
  refuseMisspelt,
  refuseUnknown,
  shownValue,
} from './options/check-options.ts';
export { nearestName } from './options/nearest-name.ts';
export {
  type OptionBounds,
  type OptionRule,
  type OptionRules,
  type OptionsOf,
  option,
} from './options/option.ts';
export { printable, quoted } from './printable.ts';
export { type Random, type RandomState, random, randomFrom, type Shuffled } from './random.ts';
export { asWordHash, type HashFormula, numberWords, type WordHash, type WordOps } from './words.ts';
export { xxHash32, xxHash32Formula, xxHash32Words } from './xx-hash32.ts';
export { xxHash64 } from './xx-hash64.ts';
