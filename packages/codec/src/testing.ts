export { type Law, LawError } from '@funhash/hashing/testing';
export { type FormatLawName, formatLaws } from './testing/format-laws.ts';
